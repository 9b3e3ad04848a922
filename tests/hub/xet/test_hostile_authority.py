"""Tokens and addresses that are not what they seem: expired, foreign, edited, cut, borrowed."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from paddock import clock
from paddock.hub import signing
from paddock.hub.bearers import STRANGER
from paddock.hub.xet import access
from paddock.hub.xet.access import XetAccess
from tests.hub.xet.messages import File, Xorb, shard, whole_file
from tests.live import LiveServer

ZEROS = "0" * 64
ROUTES = [
    ("POST", f"v1/xorbs/default/{ZEROS}"),
    ("POST", "v1/shards"),
    ("POST", "v2/shards"),
    ("GET", f"v2/reconstructions/{ZEROS}"),
    ("GET", f"v1/reconstructions/{ZEROS}"),
    ("GET", f"v1/reconstructions?file_id={ZEROS}"),
    ("POST", "v1/reconstructions"),
    ("GET", f"v1/chunks/default/{ZEROS}"),
    ("HEAD", f"v1/xorbs/default/{ZEROS}"),
    ("HEAD", f"v1/files/{ZEROS}"),
]


@dataclass
class Repo:
    """A repository, its owner's token, and what the hub grants for it."""

    server: LiveServer
    name: str
    token: str

    def grant(self, kind: str = "write", token: str | None = None) -> Any:
        url = f"{self.server.url}/api/models/{self.name}/xet-{kind}-token/main"
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.get(url, headers=headers).raise_for_status().json()

    def cas(self, kind: str = "write", token: str | None = None) -> httpx.Client:
        grant = self.grant(kind, token)
        return client(grant["casUrl"], grant["accessToken"])

    def upload(self) -> tuple[Xorb, File]:
        xorb = Xorb([os.urandom(2000), os.urandom(3000)])
        with self.cas() as cas:
            assert cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body).is_success
            told = shard([whole_file(xorb)], [xorb])
            assert cas.post("v1/shards", content=told).is_success
        return xorb, whole_file(xorb)

    def address(self, file: File) -> str:
        with self.cas("read") as cas:
            found = cas.get(f"v2/reconstructions/{file.hash}").raise_for_status().json()
        (fetches,) = found["xorbs"].values()
        address: str = fetches[0]["url"]
        return address


def client(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=60)


@pytest.fixture
def repo(shared_server: LiveServer, request: pytest.FixtureRequest) -> Iterator[Repo]:
    name = f"u{abs(hash(request.node.nodeid)) % 10**12}"
    token = shared_server.user(name)
    shared_server.api(token).create_repo(f"{name}/repo", private=True)
    yield Repo(shared_server, f"{name}/repo", token)


def _statuses(url: str, token: str) -> set[int]:
    with client(url, token) as cas:
        return {cas.request(method, route).status_code for method, route in ROUTES}


def test_an_edited_token_is_none_wherever_it_is_edited(repo: Repo) -> None:
    grant = repo.grant()
    real = grant["accessToken"]
    body, _, signature = real.partition(".")
    fields = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    edited = [
        f"{real[:at]}{'A' if real[at] != 'A' else 'B'}{real[at + 1 :]}"
        for at in range(0, len(real) - 1, 17)
    ]
    edited += [real[:at] for at in range(1, len(real) - 1, 31)]
    for changes in ({"repo": 1}, {"write": True}, {"by": [1, 0, "", 30]}, {"rev": ""}):
        forged = json.dumps([fields[0], fields[1] | changes | {"x": 1}]).encode()
        edited.append(base64.urlsafe_b64encode(forged).decode().rstrip("=") + "." + signature)
    edited += [real + real, "." + signature, body + ".", real.upper(), "a" * 60_000, "ä.ö"]
    with httpx.Client(base_url=grant["casUrl"], timeout=60) as cas:
        for token in edited:
            header = f"Bearer {token}".encode()
            for method, route in (ROUTES[1], ROUTES[3]):
                answer = cas.request(method, route, headers={b"Authorization": header})
                assert answer.status_code == 401, token[:99]


def test_a_token_of_another_hub_another_purpose_or_another_time_is_none(repo: Repo) -> None:
    xorb, file = repo.upload()
    cas = repo.grant()["casUrl"]
    key = signing.signing_key(repo.server.hub.database)
    asked = XetAccess(1, STRANGER, True, "main")
    past = clock.now() - timedelta(seconds=access.TOKEN_SECONDS + 1)
    address = httpx.URL(repo.address(file)).params["sig"]
    fields = {"repo": 1, "by": list(STRANGER), "write": True, "rev": "main"}
    soon = clock.now() + timedelta(hours=1)
    for token in (
        access.issue_token(b"another hub's key" * 2, asked, clock.now())[0],
        access.issue_token(key, asked, past)[0],
        signing.sign(key, "xet-address", fields, soon),
        signing.sign(key, "", fields, soon),
        address,
        repo.token,
    ):
        assert _statuses(cas, token) == {401}
    assert xorb.hash not in str(_statuses(cas, address))


def test_a_token_ends_with_the_right_behind_it(repo: Repo) -> None:
    _, file = repo.upload()
    reader = repo.server.user("a-reader")
    owner = repo.server.api(repo.token)
    owner.update_repo_settings(repo.name, private=False)
    address = repo.address(file)
    with repo.cas("read", reader) as borrowed, repo.cas("write") as own:
        assert borrowed.get(f"v2/reconstructions/{file.hash}").status_code == 200
        theirs = borrowed.get(f"v2/reconstructions/{file.hash}").json()["xorbs"]
        [[fetch]] = theirs.values()
        owner.update_repo_settings(repo.name, private=True)
        assert borrowed.get(f"v2/reconstructions/{file.hash}").status_code in (401, 404)
        gone = httpx.get(fetch["url"], headers={"Range": "bytes=0-9"})
        assert gone.status_code in (401, 403, 404)
        assert own.get(f"v2/reconstructions/{file.hash}").status_code == 200
        owner.delete_repo(repo.name)
        assert own.get(f"v2/reconstructions/{file.hash}").status_code in (401, 404)
        assert own.post("v1/shards", content=shard([file])).status_code in (401, 404)
    assert httpx.get(address, headers={"Range": "bytes=0-9"}).status_code in (401, 403, 404)


def test_what_a_token_does_not_cover_looks_like_what_is_not_there(repo: Repo) -> None:
    _, secret = repo.upload()
    thief = repo.server.user("a-thief")
    repo.server.api(thief).create_repo("a-thief/repo", exist_ok=True)
    own = Repo(repo.server, "a-thief/repo", thief)
    unknown = whole_file(Xorb([os.urandom(900)]))
    chunk = "v1/chunks/default/{}"
    asked = [
        ("GET", "v2/reconstructions/{}", secret.hash, unknown.hash),
        ("GET", "v1/reconstructions/{}", secret.hash, unknown.hash),
        ("GET", "v1/reconstructions?file_id={}", secret.hash, unknown.hash),
        ("HEAD", "v1/files/{}", secret.hash, unknown.hash),
        ("HEAD", "v1/xorbs/default/{}", Xorb([secret.content[:2000]]).hash, unknown.hash),
        ("GET", chunk, Xorb([secret.content[:2000]]).hash, Xorb([os.urandom(9)]).hash),
    ]
    with own.cas() as cas:
        for method, route, real, guess in asked:
            said = [cas.request(method, route.format(name)) for name in (real, guess)]
            texts = [
                one.text.replace(name, "H") for one, name in zip(said, (real, guess), strict=True)
            ]
            assert said[0].status_code == said[1].status_code, route
            assert texts[0] == texts[1], route
            lengths = [one.headers.get("content-length") for one in said]
            assert lengths[0] == lengths[1], route


def test_an_edited_address_gives_nothing(repo: Repo) -> None:
    _, file = repo.upload()
    address = repo.address(file)
    base, signature = address.split("sig=")
    edited = [
        f"{signature[:at]}{'A' if signature[at] != 'A' else 'B'}{signature[at + 1 :]}"
        for at in range(0, len(signature) - 1, 23)
    ]
    edited += [signature[:at] for at in range(0, len(signature) - 1, 61)]
    edited += [signature * 2, signature + "&sig=" + "x", "%00", "x" * 30_000, repo.token]
    with httpx.Client(timeout=60) as stranger:
        for one in edited:
            answer = stranger.get(f"{base}sig={one}", headers={"Range": "bytes=0-9"})
            assert answer.status_code in (400, 403), one[:99]
        assert stranger.get(address, headers={"Range": "bytes=0-9"}).status_code == 206


HONEST = {
    "bytes=0-": 5016,
    "bytes=0-0": 1,
    "bytes=5015-9999999": 1,
    "BYTES=1-2": 2,
    "bytes= 3-4": 2,
}
TRICKS = {
    "none at all": "",
    "another unit": "chunks=0-1",
    "no numbers": "bytes=-",
    "no first": "bytes=-5",
    "a first below zero": "bytes=-5-9",
    "backwards": "bytes=9-5",
    "letters": "bytes=a-b",
    "hexadecimal": "bytes=0x0-0x9",
    "other digits": "bytes=٠-٩",
    "a sign": "bytes=+0-+9",
    "a fraction": "bytes=0.0-9.9",
    "two dashes": "bytes=0--9",
    "an empty one between": "bytes=0-1,,2-3",
    "a hundred": "bytes=" + ",".join(f"{at}-{at}" for at in range(0, 200, 2)),
    "sixty thousand": "bytes=" + "0-0," * 15_000,
    "2^64": f"bytes=0-{1 << 64}",
    "a first of 2^64": f"bytes={1 << 64}-",
    "a thousand digits": "bytes=0-" + "9" * 1000,
    "behind the end": "bytes=5016-",
    "far behind the end": "bytes=999999999-",
    "one behind the end": "bytes=0-9,9999-",
    "the same twice": "bytes=0-9,0-9",
    "overlapping": "bytes=0-99,50-149",
    "one inside another": "bytes=0-4999,100-199",
    "all of it, many times": "bytes=" + ",".join(["0-"] * 60),
    "a line end": "bytes=0-9\\r\\nX: y",
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_with_ranges_gets_no_bytes(shared_ranges: str, name: str) -> None:
    header = TRICKS[name].encode()
    headers = {b"Range": header} if header else {}
    answer = httpx.get(shared_ranges, headers=headers)
    assert answer.status_code in (400, 403, 416, 431), answer.headers
    assert len(answer.content) < 1000


@pytest.mark.parametrize("header", HONEST)
def test_an_honest_range_is_answered(shared_ranges: str, header: str) -> None:
    answer = httpx.get(shared_ranges, headers={"Range": header})
    assert answer.status_code == 206
    assert len(answer.content) == HONEST[header]


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_with_a_file_ranges_gets_no_more_than_the_file(
    shared_ranges_client: tuple[httpx.Client, File], name: str
) -> None:
    """Reconstructions understand one range; a plain download may ignore what it cannot read."""
    cas, file = shared_ranges_client
    headers = {b"Range": TRICKS[name].encode()} if TRICKS[name] else {}
    answer = cas.get(f"v2/reconstructions/{file.hash}", headers=headers)
    assert answer.status_code in (200, 400, 416, 431)
    if answer.status_code == 200:
        assert name == "none at all"


@pytest.fixture(scope="module")
def range_repo(shared_server: LiveServer) -> tuple[Repo, File]:
    token = shared_server.user("ranger")
    shared_server.api(token).create_repo("ranger/repo", private=True)
    made = Repo(shared_server, "ranger/repo", token)
    return made, made.upload()[1]


@pytest.fixture(scope="module")
def shared_ranges(range_repo: tuple[Repo, File]) -> str:
    made, file = range_repo
    return made.address(file)


@pytest.fixture(scope="module")
def shared_ranges_client(range_repo: tuple[Repo, File]) -> Iterator[tuple[httpx.Client, File]]:
    made, file = range_repo
    with made.cas("read") as cas:
        yield cas, file


def test_whoever_has_the_exact_bytes_cannot_tell_whether_others_have_them(repo: Repo) -> None:
    """The same steps with what a stranger keeps in private and with what nobody has: same answers.

    The stranger packed the chunks otherwise, and joined them to other xorbs.
    """
    thief = repo.server.user("a-guesser")
    repo.server.api(thief).create_repo("a-guesser/repo", exist_ok=True)
    own = Repo(repo.server, "a-guesser/repo", thief)
    kept = Xorb([b"secret" * 500, os.urandom(900), b"more" * 400])
    free = Xorb([b"guess!" * 500, os.urandom(900), b"less" * 400])
    packed = Xorb(kept.chunks, [1, 0, 1])
    with repo.cas() as cas:
        assert cas.post(f"v1/xorbs/default/{packed.hash}", content=packed.body).is_success
        told = shard([whole_file(packed)], [packed])
        assert cas.post("v1/shards", content=told).json() == {"result": 1}
    with own.cas() as cas:
        assert _steps(cas, kept) == _steps(cas, free)


def _steps(cas: httpx.Client, xorb: Xorb) -> list[tuple[int, str]]:
    """What a guesser is told, names of what was guessed left out."""
    file = whole_file(xorb)
    parts = File([xorb.term(0, 1), xorb.term(1, 3)], file.content)
    message = shard([file], [xorb])
    asked: list[tuple[str, str, bytes]] = [
        ("HEAD", f"v1/xorbs/default/{xorb.hash}", b""),
        ("GET", f"v1/chunks/default/{Xorb([xorb.chunks[0]]).hash}", b""),
        ("GET", f"v2/reconstructions/{file.hash}", b""),
        ("POST", "v1/shards", message),
        ("POST", "v1/shards", shard([parts])),
        ("POST", "v1/shards", shard([], [xorb])),
        ("POST", f"v1/xorbs/default/{xorb.hash}", xorb.body),
        ("HEAD", f"v1/xorbs/default/{xorb.hash}", b""),
        ("POST", "v1/shards", message),
        ("POST", "v1/shards", message),
        ("POST", "v1/shards", shard([parts])),
        ("GET", f"v2/reconstructions/{file.hash}", b""),
        ("HEAD", f"v1/files/{file.hash}", b""),
    ]
    said = []
    for method, path, body in asked:
        answer = cas.request(method, path, content=body)
        text = answer.text + str(answer.headers.get("content-length"))
        for name, stands_for in ((xorb.hash, "X"), (file.hash, "F"), (file.sha256, "S")):
            text = text.replace(name, stands_for)
        said.append((answer.status_code, re.sub('sig=[^"]*', "sig", text)))
    return said
