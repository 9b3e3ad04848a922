"""git-lfs over HTTP: the batch call, one PUT or parts, what may be sent and who may send it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from paddock import clock
from paddock.hub import signing
from paddock.hub.large import large_files, lfs
from paddock.hub.large.lfs import Right
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind
from tests.hub.xet.messages import Xorb, shard, whole_file
from tests.live import LiveServer

LFS_JSON = "application/vnd.git-lfs+json"


@dataclass
class Repo:
    """A repository, its owner's client, and a client without credentials."""

    server: LiveServer
    id: int
    name: str
    owner: httpx.Client
    stranger: httpx.Client

    def batch(self, *contents: bytes, operation: str = "upload", **changes: Any) -> dict[str, Any]:
        request = {
            "operation": operation,
            "transfers": ["basic", "multipart"],
            "objects": [_named(content) for content in contents],
            "hash_algo": "sha256",
            **changes,
        }
        answer = self.owner.post(self.address("objects/batch"), json=request)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == LFS_JSON
        told: dict[str, Any] = answer.json()
        return told

    def address(self, path: str, prefix: str = "", suffix: str = ".git") -> str:
        return f"/{prefix}{self.name}{suffix}/info/lfs/{path}"

    def upload_address(self, content: bytes) -> str:
        (told,) = self.batch(content)["objects"]
        address: str = told["actions"]["upload"]["href"]
        return address

    def holds(self, content: bytes) -> bool:
        with self.server.hub.database.read() as conn:
            return bool(large_files.present(conn, self.id, [_oid(content)]))


def _oid(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _named(content: bytes) -> dict[str, Any]:
    return {"oid": _oid(content), "size": len(content)}


@pytest.fixture(scope="module")
def make_repo(shared_server: LiveServer) -> Iterator[Any]:
    with contextlib.ExitStack() as stack:

        def make(owner: str = "alice", *, private: bool = False, kind: str = "model") -> Repo:
            token = shared_server.user(owner)
            name = f"{owner}/r{time.monotonic_ns()}"
            api = shared_server.api(token)
            api.create_repo(name, private=private, repo_type=kind)
            headers = {"Authorization": f"Bearer {token}"}
            clients = [
                stack.enter_context(
                    httpx.Client(base_url=shared_server.url, headers=some, timeout=30)
                )
                for some in (headers, {})
            ]
            return Repo(shared_server, _repo_id(shared_server, name), name, *clients)

        yield make


@pytest.fixture
def repo(make_repo: Any) -> Repo:
    made: Repo = make_repo()
    return made


# One PUT


def test_an_object_goes_up_verified_and_comes_down(repo: Repo) -> None:
    content = os.urandom(3_000_000)
    told = repo.batch(content)
    assert (told["transfer"], told["hash_algo"]) == ("basic", "sha256")
    (item,) = told["objects"]
    actions = item["actions"]
    put = repo.stranger.put(actions["upload"]["href"], content=content)
    assert put.status_code == 200
    assert repo.stranger.post(actions["verify"]["href"], json=_named(content)).status_code == 200
    (again,) = repo.batch(content)["objects"]
    assert "actions" not in again and "error" not in again

    (found,) = repo.batch(content, operation="download")["objects"]
    address = found["actions"]["download"]["href"]
    assert repo.stranger.get(address).content == content
    part = repo.stranger.get(address, headers={"Range": "bytes=1000000-1000009"})
    assert (part.status_code, part.content) == (206, content[1_000_000:1_000_010])
    head = repo.stranger.head(address)
    assert head.headers["Content-Length"] == str(len(content))


def test_an_empty_object_is_an_object(repo: Repo) -> None:
    assert repo.stranger.put(repo.upload_address(b""), content=b"").status_code == 200
    assert repo.holds(b"")


def test_a_body_of_unknown_length_is_counted(repo: Repo) -> None:
    content = os.urandom(500_000)
    pieces = (content[at : at + 100_000] for at in range(0, len(content), 100_000))
    assert repo.stranger.put(repo.upload_address(content), content=pieces).status_code == 200
    assert repo.holds(content)


@pytest.mark.parametrize("change", ["flipped", "shorter", "longer", "empty"])
@pytest.mark.parametrize("announced", [True, False])
def test_other_bytes_than_announced_are_refused_and_not_kept(
    repo: Repo, change: str, announced: bool
) -> None:
    content = os.urandom(2_500_000)
    wrong = {
        "flipped": bytes([content[0] ^ 1]) + content[1:],
        "shorter": content[:-1],
        "longer": content + b"!",
        "empty": b"",
    }[change]
    address = repo.upload_address(content)
    put = repo.stranger.put(address, content=wrong if announced else iter([wrong]))
    assert put.status_code in {400, 413}
    assert not repo.holds(content)
    assert _nothing_is_staged(repo)
    assert repo.stranger.put(address, content=content).status_code == 200


def test_a_longer_body_than_announced_is_refused_before_it_is_sent(repo: Repo) -> None:
    address = repo.upload_address(b"small")
    with _raw_put(repo, address, length=10 << 30) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_shorter_body_than_announced_is_refused_before_it_is_sent(repo: Repo) -> None:
    address = repo.upload_address(b"not so small")
    with _raw_put(repo, address, length=3) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_leaves_halfway_leaves_nothing(repo: Repo) -> None:
    content = os.urandom(4_000_000)
    with _raw_put(repo, repo.upload_address(content), length=len(content)) as connection:
        connection.sendall(content[:3_000_000])
    _wait_until(lambda: _nothing_is_staged(repo))
    assert not repo.holds(content)


def test_two_clients_send_the_same_object_at_once(repo: Repo, make_repo: Any) -> None:
    content = os.urandom(2_000_000)
    other = make_repo("bob")
    addresses = [one.upload_address(content) for one in (repo, other)]
    with _raw_put(repo, addresses[0], length=len(content)) as first:
        first.sendall(content[:1_500_000])
        assert other.stranger.put(addresses[1], content=content).status_code == 200
        first.sendall(content[1_500_000:])
        assert first.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert repo.holds(content) and other.holds(content)


# Signed addresses


def test_an_address_is_good_for_its_object_method_and_time_only(repo: Repo) -> None:
    content, other = b"the announced object", b"another object 1234"
    address = repo.upload_address(content)
    path, _, signature = address.partition("?sig=")
    elsewhere = path.replace(_oid(content), _oid(other))
    assert repo.stranger.put(f"{elsewhere}?sig={signature}", content=other).status_code == 403
    assert repo.stranger.get(address).status_code == 403
    assert repo.stranger.put(path, content=content).status_code == 403
    assert repo.stranger.put(address + "A", content=content).status_code == 403
    key = signing.signing_key(repo.server.hub.database)
    long_ago = clock.now() - timedelta(seconds=lfs.UPLOAD_SECONDS + 1)
    right = Right(repo.id, _oid(content), len(content))
    expired = lfs.sign_right(key, "put", right, long_ago)
    assert repo.stranger.put(f"{path}?sig={expired}", content=content).status_code == 403
    assert not repo.holds(content)


def test_an_address_of_a_deleted_repository_takes_nothing(repo: Repo) -> None:
    content = os.urandom(100)
    address = repo.upload_address(content)
    repo.server.api(repo.server.user("alice")).delete_repo(repo.name)
    assert repo.stranger.put(address, content=content).status_code == 404


# Parts


def _parts(repo: Repo, content: bytes) -> dict[str, Any]:
    told = repo.batch(content, transfers=["multipart"])
    assert told["transfer"] == "multipart"
    upload: dict[str, Any] = told["objects"][0]["actions"]["upload"]
    return upload


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(lfs, "_SMALLEST_PART_BYTES", 1 << 20)
    return 1 << 20


@pytest.mark.parametrize("size", [1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_an_object_goes_up_in_parts_in_any_order(repo: Repo, small_parts: int, size: int) -> None:
    content = os.urandom(size)
    upload = _parts(repo, content)
    step = int(upload["header"].pop("chunk_size"))
    numbers = sorted(upload["header"])
    assert numbers == [f"{n:05d}" for n in range(1, -(-size // step) + 1)]
    etags = {}
    for number in reversed(numbers):
        start = (int(number) - 1) * step
        put = repo.stranger.put(upload["header"][number], content=content[start : start + step])
        etags[int(number)] = put.headers["ETag"]
    assert not repo.holds(content)
    parts = [{"partNumber": n, "etag": etags[n]} for n in sorted(etags)]
    done = repo.stranger.post(upload["href"], json={"oid": _oid(content), "parts": parts})
    assert done.status_code == 200, done.text
    assert repo.holds(content)
    assert list((repo.server.data / "blobs" / "uploads").iterdir()) == []
    again = repo.stranger.post(upload["href"], json={"oid": _oid(content), "parts": parts})
    assert again.status_code == 200  # a client that lost the answer asks again


def test_parts_of_other_bytes_are_refused_and_forgotten(repo: Repo, small_parts: int) -> None:
    content = os.urandom(2_000_000)
    upload = _parts(repo, content)
    wrong = bytes(len(content))
    for n in (1, 2):
        part = wrong[(n - 1) * small_parts : n * small_parts]
        assert repo.stranger.put(upload["header"][f"{n:05d}"], content=part).status_code == 200
    parts = [{"partNumber": n, "etag": "e"} for n in (1, 2)]
    done = repo.stranger.post(upload["href"], json={"oid": _oid(content), "parts": parts})
    assert done.status_code == 400
    assert not repo.holds(content)
    assert list((repo.server.data / "blobs" / "uploads").iterdir()) == []


def test_a_part_has_the_length_and_the_number_that_were_announced(
    repo: Repo, small_parts: int
) -> None:
    upload = _parts(repo, os.urandom(2_000_000))
    first = upload["header"]["00001"]
    assert repo.stranger.put(first, content=bytes(small_parts + 1)).status_code == 413
    assert repo.stranger.put(first, content=bytes(small_parts - 1)).status_code == 400
    assert repo.stranger.put(first, content=iter([bytes(100)])).status_code == 400
    second = first.replace("/parts/1?", "/parts/2?")
    assert repo.stranger.put(second, content=bytes(small_parts)).status_code == 403


def test_an_upload_is_completed_with_all_its_parts_or_not(repo: Repo, small_parts: int) -> None:
    content = os.urandom(2_000_000)
    upload = _parts(repo, content)
    both = [{"partNumber": n, "etag": "e"} for n in (1, 2)]
    oid = _oid(content)
    for wrong in (
        {"oid": oid, "parts": both[:1]},
        {"oid": oid, "parts": [*both, {"partNumber": 3, "etag": "e"}]},
        {"oid": oid, "parts": both[::-1]},
        {"oid": oid, "parts": "both"},
        {"oid": oid, "parts": [1, 2]},
        {"oid": _oid(b"another"), "parts": both},
        [],
    ):
        assert repo.stranger.post(upload["href"], json=wrong).status_code == 422, wrong
    lacking = repo.stranger.post(upload["href"], json={"oid": oid, "parts": both})
    assert lacking.status_code == 404
    assert not repo.holds(content)


def test_completing_an_upload_without_its_parts_gives_nobody_the_bytes_of_another(
    repo: Repo, make_repo: Any, small_parts: int
) -> None:
    content = os.urandom(2_000_000)
    owner = make_repo("bob", private=True)
    owner.stranger.put(owner.upload_address(content), content=content)
    upload = _parts(repo, content)  # of another repository, by one who knows the digest alone
    both = [{"partNumber": n, "etag": "e"} for n in (1, 2)]
    taken = repo.stranger.post(upload["href"], json={"oid": _oid(content), "parts": both})
    assert taken.status_code == 404
    assert not repo.holds(content)


def test_very_large_objects_go_in_parts_when_the_client_can() -> None:
    size = 700 * 10**9 // 2
    batch = lfs.Batch("upload", ("multipart", "basic"), "main", [lfs.WantedObject("", size, None)])
    assert lfs.choose_upload_transfer(batch) == "multipart"
    rights = lfs.part_rights(Right(1, "", size))
    assert len(rights) <= 1000
    assert len(rights) == -(-size // lfs.part_bytes(size))
    assert sum(right.size_bytes for right in rights) == size


# The batch call


def test_clients_that_speak_xet_are_sent_there(repo: Repo) -> None:
    told = repo.batch(b"x" * 100, transfers=["basic", "multipart", "xet"])
    assert told["transfer"] == "xet"
    upload = told["objects"][0]["actions"]["upload"]
    assert upload["href"].endswith(f"/api/models/{repo.name}/xet-write-token/main")
    assert upload["header"].keys() == {
        "X-Xet-Cas-Url",
        "X-Xet-Access-Token",
        "X-Xet-Token-Expiration",
        "X-Xet-Session-Id",
    }
    xorb = Xorb([b"x" * 100])
    bearer = {"Authorization": "Bearer " + upload["header"]["X-Xet-Access-Token"]}
    cas = upload["header"]["X-Xet-Cas-Url"]
    httpx.post(f"{cas}/v1/xorbs/default/{xorb.hash}", content=xorb.body, headers=bearer)
    done = httpx.post(f"{cas}/v1/shards", content=shard([whole_file(xorb)], [xorb]), headers=bearer)
    assert done.json() == {"result": 1}
    assert repo.holds(b"x" * 100)
    (again,) = repo.batch(b"x" * 100, transfers=["xet"])["objects"]
    assert "actions" not in again


def test_what_came_by_xet_goes_out_by_lfs(repo: Repo) -> None:
    chunks = [os.urandom(100_000), os.urandom(50_000)]
    content = b"".join(chunks)
    told = repo.batch(content, transfers=["xet"])["objects"][0]["actions"]["upload"]["header"]
    bearer = {"Authorization": "Bearer " + told["X-Xet-Access-Token"]}
    xorb = Xorb(chunks, [2, 1])
    cas = told["X-Xet-Cas-Url"]
    httpx.post(f"{cas}/v1/xorbs/default/{xorb.hash}", content=xorb.body, headers=bearer)
    httpx.post(f"{cas}/v1/shards", content=shard([whole_file(xorb)]), headers=bearer)
    (found,) = repo.batch(content, operation="download")["objects"]
    address = found["actions"]["download"]["href"]
    assert repo.stranger.get(address).content == content
    part = repo.stranger.get(address, headers={"Range": "bytes=99990-100009"})
    assert part.content == content[99_990:100_010]


def test_presence_is_of_the_repository(repo: Repo, make_repo: Any) -> None:
    secret = os.urandom(1000)
    victim = make_repo("victim", private=True)
    victim.stranger.put(victim.upload_address(secret), content=secret)
    (told,) = repo.batch(secret)["objects"]
    assert "actions" in told  # as if nobody had it
    (found,) = repo.batch(secret, operation="download")["objects"]
    assert found["error"]["code"] == 404


def test_objects_that_cannot_be_are_told_one_by_one(repo: Repo) -> None:
    content = os.urandom(10)
    repo.stranger.put(repo.upload_address(content), content=content)
    good = _named(b"good")
    wrong = [
        {"oid": "short", "size": 1},
        {"oid": "A" * 64, "size": 1},
        {"oid": good["oid"], "size": -1},
        {"oid": good["oid"], "size": True},
        {"oid": good["oid"], "size": "4"},
        {"oid": good["oid"], "size": 10**15},
        {"size": 4},
        {"oid": _oid(content), "size": 11},
        7,
    ]
    told = repo.batch(objects=[*wrong, good])["objects"]
    assert [item.get("error", {}).get("code") for item in told] == [422] * len(wrong) + [None]
    assert "actions" in told[-1]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("not JSON", 422),
        ([], 422),
        ({"operation": "move", "objects": []}, 422),
        ({"operation": "upload"}, 422),
        ({"operation": "upload", "objects": [{}] * 10_001}, 422),
        ({"operation": "upload", "objects": [], "transfers": "basic"}, 422),
        ({"operation": "upload", "objects": [], "hash_algo": "sha512"}, 409),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused(repo: Repo, request_: Any, status: int) -> None:
    answer = repo.owner.post(repo.address("objects/batch"), json=request_)
    assert answer.status_code == status
    assert answer.json()["message"]  # the key that git-lfs shows


@pytest.mark.parametrize("suffix", ["", ".git"])
@pytest.mark.parametrize(("kind", "prefix"), [("dataset", "datasets/"), ("space", "spaces/")])
def test_every_kind_of_repository_has_the_routes(
    make_repo: Any, shared_server: LiveServer, kind: str, prefix: str, suffix: str
) -> None:
    made = _space(make_repo, shared_server) if kind == "space" else make_repo(kind=kind)
    request = {"operation": "upload", "objects": [_named(b"abc")]}
    answer = made.owner.post(made.address("objects/batch", prefix, suffix), json=request)
    assert answer.status_code == 200
    actions = answer.json()["objects"][0]["actions"]
    assert made.stranger.put(actions["upload"]["href"], content=b"abc").status_code == 200
    assert made.stranger.post(actions["verify"]["href"], json=_named(b"abc")).status_code == 200


def _space(make_repo: Any, server: LiveServer) -> Repo:
    made: Repo = make_repo()
    name = made.name + "-space"
    server.api(server.user("alice")).create_repo(name, repo_type="space", space_sdk="static")
    return Repo(server, 0, name, made.owner, made.stranger)


def test_git_lfs_is_asked_for_credentials(repo: Repo) -> None:
    request = {"operation": "upload", "objects": []}
    answer = repo.stranger.post(repo.address("objects/batch"), json=request)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.headers["LFS-Authenticate"].startswith("Basic")
    assert answer.json()["message"]


def test_a_token_as_a_password_is_good(repo: Repo) -> None:
    token = repo.owner.headers["Authorization"].removeprefix("Bearer ")
    request = {"operation": "upload", "objects": []}
    answer = repo.stranger.post(
        repo.address("objects/batch"), json=request, auth=("anything", token)
    )
    assert answer.status_code == 200


def test_rights_are_those_of_the_repository(repo: Repo, make_repo: Any) -> None:
    private = make_repo("victim", private=True)
    for operation, name, expected in [
        ("upload", repo.name, 200),  # for a pull request
        ("download", repo.name, 200),
        ("upload", private.name, 404),
        ("download", private.name, 404),
        ("download", "alice/nothing", 404),
    ]:
        bob = make_repo("bob").owner
        request = {"operation": operation, "objects": []}
        answer = bob.post(f"/{name}.git/info/lfs/objects/batch", json=request)
        assert answer.status_code == expected, (operation, name)


def test_verify_tells_what_is_missing(repo: Repo) -> None:
    content = os.urandom(50)
    actions = repo.batch(content)["objects"][0]["actions"]
    address = actions["verify"]["href"]
    assert repo.stranger.post(address, json=_named(content)).status_code == 404
    repo.stranger.put(actions["upload"]["href"], content=content)
    assert repo.stranger.post(address, json=_named(content)).status_code == 200
    assert repo.stranger.post(address, json={**_named(content), "size": 51}).status_code == 422
    assert repo.stranger.post(address, json={"oid": "x", "size": 1}).status_code == 422
    assert repo.stranger.post(address + "x", json=_named(content)).status_code == 403
    wrong_action = actions["upload"]["href"].replace("?", "/verify?")
    assert repo.stranger.post(wrong_action, json=_named(content)).status_code == 403


def _repo_id(server: LiveServer, name: str) -> int:
    with server.hub.database.read() as conn:
        for kind in Kind:
            if found := find_repository(conn, RepositoryName(kind, *name.split("/"))):
                return found.id
    raise AssertionError(name)


def _nothing_is_staged(repo: Repo) -> bool:
    return list((repo.server.data / "blobs" / "staging").iterdir()) == []


def _wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def _raw_put(repo: Repo, address: str, *, length: int) -> Iterator[socket.socket]:
    """A PUT whose head was sent and whose body was not."""
    host, port = repo.server.url.removeprefix("http://").split(":")
    path = address.removeprefix(repo.server.url)
    head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode())
        yield connection


def test_a_small_request_cannot_ask_for_an_endless_answer(repo: Repo) -> None:
    largest = [{"oid": f"{n:064x}", "size": lfs.MAX_OBJECT_BYTES} for n in range(200)]
    body = {"operation": "upload", "transfers": ["multipart"], "objects": largest}
    answer = repo.owner.post(repo.address("objects/batch"), json=body)
    assert answer.status_code == 413
    assert "100000" in answer.json()["message"]
