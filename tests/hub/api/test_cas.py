"""The CAS over HTTP: an honest upload, every lie that a client may tell, and who may read what."""

from __future__ import annotations

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
import sqlalchemy as sa

from paddock import clock
from paddock.hub import signing, tables
from paddock.hub.bearers import STRANGER
from paddock.hub.xet import access
from paddock.hub.xet.records import find_xorb
from tests.attacks.xet.footers import ShardFooter
from tests.hub.xet.messages import File, Term, Xorb, shard, whole_file
from tests.live import LiveServer

PREFIX = "default"


@dataclass
class Repo:
    """A repository and clients of its CAS."""

    server: LiveServer
    name: str
    reader: httpx.Client
    writer: httpx.Client
    stranger: httpx.Client  # signed addresses work without credentials

    def put(self, xorb: Xorb) -> httpx.Response:
        return self.writer.post(f"/xet/v1/xorbs/{PREFIX}/{xorb.hash}", content=xorb.body)

    def register(self, *files: File, xorbs: list[Xorb] | None = None) -> httpx.Response:
        return self.writer.post("/xet/v1/shards", content=shard(list(files), xorbs))

    def upload(self, *chunks: bytes) -> tuple[Xorb, File]:
        xorb = Xorb(list(chunks))
        file = whole_file(xorb)
        assert self.put(xorb).status_code == 200
        assert self.register(file, xorbs=[xorb]).json() == {"result": 1}
        return xorb, file

    def reconstruction(self, file: File, range_: str | None = None) -> httpx.Response:
        headers = {"Range": f"bytes={range_}"} if range_ else {}
        return self.reader.get(f"/xet/v2/reconstructions/{file.hash}", headers=headers)

    def download(self, file: File, range_: str | None = None) -> bytes:
        """The bytes as a client puts them together."""
        answer = self.reconstruction(file, range_).json()
        fetched: dict[tuple[str, int], bytes] = {}
        for xorb, fetches in answer["xorbs"].items():
            for fetch in fetches:
                for part in fetch["ranges"]:
                    first, last = part["bytes"]["start"], part["bytes"]["end"]
                    got = self.stranger.get(
                        fetch["url"], headers={"Range": f"bytes={first}-{last}"}
                    )
                    assert got.status_code == 206
                    at, body = part["chunks"]["start"], got.content
                    while body:
                        size = int.from_bytes(body[1:4], "little")
                        assert body[4] == 0  # these tests store their chunks
                        fetched[xorb, at] = body[8 : 8 + size]
                        at, body = at + 1, body[8 + size :]
        chunks = (
            fetched[term["hash"], at]
            for term in answer["terms"]
            for at in range(term["range"]["start"], term["range"]["end"])
        )
        return b"".join(chunks)[answer["offset_into_first_range"] :]


@pytest.fixture(scope="module")
def make_repo(shared_server: LiveServer) -> Iterator[Any]:
    opened: list[httpx.Client] = []

    def make(owner: str = "alice", *, private: bool = False) -> Repo:
        token = shared_server.user(owner)
        name = f"{owner}/r{time.monotonic_ns()}"
        shared_server.api(token).create_repo(name, private=private)
        clients = []
        for kind in ("read", "write"):
            url = f"{shared_server.url}/api/models/{name}/xet-{kind}-token/main"
            grant = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()
            headers = {"Authorization": f"Bearer {grant['accessToken']}"}
            clients.append(httpx.Client(base_url=shared_server.url, headers=headers, timeout=30))
        clients.append(httpx.Client(timeout=30))
        opened.extend(clients)
        return Repo(shared_server, name, *clients)

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def repo(make_repo: Any) -> Repo:
    made: Repo = make_repo()
    return made


def _random(*sizes: int) -> list[bytes]:
    return [os.urandom(size) for size in sizes]


# Honest clients


def test_what_was_uploaded_is_downloaded(repo: Repo) -> None:
    _, file = repo.upload(*_random(9000, 70_000, 131_072, 1))
    assert repo.download(file) == file.content


def test_every_range_of_a_file_of_several_terms_is_right(repo: Repo) -> None:
    one, two = Xorb(_random(1000, 2000, 3000)), Xorb(_random(500, 700))
    chunks = [*one.chunks[1:3], *two.chunks, *one.chunks[0:2], *two.chunks[1:]]
    terms = [one.term(1, 3), two.term(), one.term(0, 2), two.term(1, 2)]
    file = File(terms, b"".join(chunks))
    assert repo.put(one).status_code == repo.put(two).status_code == 200
    assert repo.register(file).json() == {"result": 1}
    size = len(file.content)
    edges = [0, 1, 1999, 2000, 2001, 5000, 5499, 5500, 6199, 6200, 9199, size - 1]
    for first in edges:
        for last in [edge for edge in [*edges, size + 1000] if edge >= first]:
            wanted = file.content[first : last + 1]
            assert repo.download(file, f"{first}-{last}")[: len(wanted)] == wanted
    assert repo.download(file, "6000-") == file.content[6000:]
    assert repo.reconstruction(file, f"{size}-{size + 1}").status_code == 416


def test_a_range_names_only_the_chunks_that_it_needs(repo: Repo) -> None:
    xorb, file = repo.upload(*_random(1000, 2000, 3000, 4000))
    answer = repo.reconstruction(file, "1500-3100").json()
    assert answer["offset_into_first_range"] == 500
    assert answer["terms"] == [
        {"hash": xorb.hash, "unpacked_length": 5000, "range": {"start": 1, "end": 3}}
    ]
    (fetch,) = answer["xorbs"][xorb.hash]
    assert fetch["ranges"] == [
        {"chunks": {"start": 1, "end": 3}, "bytes": {"start": 1008, "end": 1008 + 5016 - 1}}
    ]


def test_the_older_shape_says_the_same(repo: Repo) -> None:
    xorb, file = repo.upload(*_random(1000, 2000))
    for address in (f"v1/reconstructions/{file.hash}", f"reconstruction/{file.hash}"):
        answer = repo.reader.get(f"/xet/{address}").json()
        (fetch,) = answer["fetch_info"][xorb.hash]
        assert fetch["range"] == {"start": 0, "end": 2}
        assert fetch["url_range"] == {"start": 0, "end": len(xorb.body) - 1}
        got = repo.stranger.get(fetch["url"], headers={"Range": f"bytes=0-{len(xorb.body) - 1}"})
        assert got.content == xorb.body
        assert got.headers["Content-Range"] == f"bytes 0-{len(xorb.body) - 1}/{len(xorb.body)}"


def test_an_answer_that_is_long_is_sent_as_it_is_made(repo: Repo) -> None:
    xorb = Xorb(_random(100, 200, 300))
    file = File([xorb.term(at % 3, at % 3 + 1) for at in range(900)], b"".join(xorb.chunks) * 300)
    repo.put(xorb)
    repo.register(file)
    answer = repo.reconstruction(file)
    assert "content-length" not in answer.headers
    assert [term["unpacked_length"] for term in answer.json()["terms"]] == [100, 200, 300] * 300
    assert repo.download(file) == file.content


def test_several_ranges_come_in_one_answer(repo: Repo) -> None:
    xorb = Xorb(_random(1000, 2000, 3000))
    file = File([xorb.term(0, 1), xorb.term(2, 3)], xorb.chunks[0] + xorb.chunks[2])
    repo.put(xorb)
    repo.register(file)
    (fetch,) = repo.reconstruction(file).json()["xorbs"][xorb.hash]
    spans = [(part["bytes"]["start"], part["bytes"]["end"]) for part in fetch["ranges"]]
    assert spans == [(0, 1007), (3016, 6023)]
    header = "bytes=" + ", ".join(f"{first}-{last}" for first, last in spans)
    got = repo.stranger.get(fetch["url"], headers={"Range": header})
    assert got.status_code == 206
    kind, _, boundary = got.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    parts = got.content.split(f"\r\n--{boundary}".encode())
    assert parts[0] == b"" and parts[-1] == b"--\r\n"
    for part, (first, last) in zip(parts[1:-1], spans, strict=True):
        head, _, body = part.partition(b"\r\n\r\n")
        assert f"Content-Range: bytes {first}-{last}/{len(xorb.body)}".encode() in head
        assert body == xorb.body[first : last + 1]


def test_a_file_in_many_fragments_is_fetched_by_several_addresses(repo: Repo) -> None:
    xorb = Xorb(_random(*range(1, 161)))
    repo.put(xorb)
    fragments = range(0, 160, 2)  # neighbours never meet, so every chunk is a range of its own
    file = File([xorb.term(i, i + 1) for i in fragments], b"".join(xorb.chunks[0::2]))
    assert repo.register(file).json() == {"result": 1}
    fetches = repo.reconstruction(file).json()["xorbs"][xorb.hash]
    assert [len(fetch["ranges"]) for fetch in fetches] == [32, 32, 16]
    assert repo.download(file) == file.content
    assert repo.download(file, "100-3000")[:2901] == file.content[100:3001]


def test_the_same_upload_again_changes_nothing(repo: Repo) -> None:
    xorb, file = repo.upload(*_random(9000, 9000))
    assert repo.put(xorb).status_code == 200
    assert repo.register(file).json() == {"result": 0}
    assert repo.download(file) == file.content


def test_the_reporting_route_ends_with_the_result(repo: Repo) -> None:
    xorb = Xorb(_random(5000))
    repo.put(xorb)
    answer = repo.writer.post("/xet/v2/shards", content=shard([whole_file(xorb)], [xorb]))
    lines = [httpx.Response(200, content=line).json() for line in answer.content.splitlines()]
    assert lines[-1] == {"type": "result", "result": 1}


def test_a_large_file_is_reported_step_by_step(repo: Repo) -> None:
    xorb = Xorb(_random(*[131_072] * 100))
    repo.put(xorb)
    terms = [xorb.term()] * 12  # 150 MB of the same chunks
    file = File(terms, b"".join(xorb.chunks) * 12)
    answer = repo.writer.post("/xet/v2/shards", content=shard([file], [xorb]))
    lines = [httpx.Response(200, content=line).json() for line in answer.content.splitlines()]
    assert [line["type"] for line in lines] == ["validating", "validating", "result"]
    assert lines[0]["total"] == len(file.content)


def test_a_shard_of_several_files_with_a_footer_and_without_a_digest(repo: Repo) -> None:
    xorb = Xorb(_random(3000, 4000))
    repo.put(xorb)
    bare = File([xorb.term(0, 1)], xorb.chunks[0], flags=1 << 31)
    files = [whole_file(xorb), bare]
    message = shard(files, [xorb], footer=ShardFooter.of(files, [xorb]).packed)
    assert repo.writer.post("/xet/v1/shards", content=message).json() == {"result": 1}
    assert repo.download(bare) == xorb.chunks[0]


def test_a_shard_of_xorbs_alone_is_taken(repo: Repo) -> None:
    xorb = Xorb(_random(3000))
    repo.put(xorb)
    assert repo.register(xorbs=[xorb]).json() == {"result": 0}


@pytest.mark.parametrize(
    ("xorbs", "shards", "reconstructions"),
    [
        ("xorb/default", f"shard/default-merkledb/{'a' * 64}", "reconstruction"),  # to 1.1.5
        ("xorbs/default", "shards", "reconstructions"),  # to 1.2
        ("v1/xorbs/default", "shards", "v1/reconstructions"),  # to 1.4
    ],
)
def test_old_clients_routes_lead_to_the_same(
    repo: Repo, xorbs: str, shards: str, reconstructions: str
) -> None:
    xorb = Xorb(_random(3000))
    file = whole_file(xorb)
    put = repo.writer.post(f"/xet/{xorbs}/{xorb.hash}", content=xorb.body)
    assert put.json() == {"was_inserted": True}
    done = repo.writer.post(f"/xet/{shards}", content=shard([file], [xorb]))
    assert done.json() == {"result": 1}
    told = repo.reader.get(f"/xet/{reconstructions}/{file.hash}").json()
    assert [term["hash"] for term in told["terms"]] == [xorb.hash]
    assert "fetch_info" in told


def test_an_empty_file_says_nothing_of_its_digest(repo: Repo) -> None:
    """Clients send zeros for it; what counts is computed here as ever."""
    empty = File([], b"", claimed_hash=bytes(32), claimed_sha256="0" * 64)
    assert repo.register(empty).json() == {"result": 1}
    assert _holds(repo, hashlib.sha256(b"").hexdigest())


# Routes that are not offered


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/xet/v1/chunks/default/" + "0" * 64),
        ("GET", "/xet/chunk/default/" + "0" * 64),
        ("POST", "/xet/v1/xorb-grants/default/" + "0" * 64),
        ("HEAD", "/xet/v1/xorbs/default/" + "0" * 64),
        ("GET", "/xet/v1/xorbs/default/" + "0" * 64),
        ("HEAD", "/xet/v1/files/" + "0" * 64),
        ("GET", "/xet/v2/file-chunk-hashes/" + "0" * 64),
        ("PUT", "/xet/v9/anything"),
        ("GET", "/xet/"),
    ],
)
def test_what_is_not_offered_is_a_clean_404(repo: Repo, method: str, path: str) -> None:
    answer = repo.writer.request(method, path)
    assert answer.status_code == 404
    if method != "HEAD":
        assert "error" in answer.json()


def test_who_asks_to_upload_past_the_hub_is_told_where_to_send_it(repo: Repo) -> None:
    address = "/xet/v1/xorb-grants/default/" + "0" * 64
    answer = repo.writer.post(address, json={"length": 1})
    assert answer.status_code == 404 and "/v1/xorbs" in answer.json()["error"]
    assert repo.reader.post(address, json={}).status_code == 403


# Lies about xorbs


def test_a_xorb_under_a_wrong_hash_is_refused_and_not_kept(repo: Repo) -> None:
    xorb, other = Xorb(_random(5000)), Xorb(_random(5000))
    answer = repo.writer.post(f"/xet/v1/xorbs/default/{other.hash}", content=xorb.body)
    assert answer.status_code == 400
    assert xorb.hash in answer.json()["error"]
    assert repo.register(whole_file(xorb)).status_code == 400
    assert not _blob_files_with(repo, xorb.body)


@pytest.mark.parametrize("name", ["nonsense", "0" * 64, "F" * 64, "..%2F..%2Fetc"])
def test_a_xorb_under_a_name_that_is_none_is_refused(repo: Repo, name: str) -> None:
    answer = repo.writer.post(f"/xet/v1/xorbs/default/{name}", content=Xorb([b"x" * 99]).body)
    assert answer.status_code == 400


def test_a_damaged_xorb_leaves_nothing_behind(repo: Repo) -> None:
    xorb = Xorb(_random(131_072, 131_072))
    for body in (xorb.body[:-1], b"", xorb.body + b"\7" * 30):
        answer = repo.writer.post(f"/xet/v1/xorbs/default/{xorb.hash}", content=body)
        assert answer.status_code == 400, body[-10:]
    assert list((repo.server.data / "blobs" / "staging").iterdir()) == []


def test_a_xorb_over_the_limit_is_refused_before_it_is_sent(repo: Repo) -> None:
    host, port = repo.server.url.removeprefix("http://").split(":")
    head = (
        f"POST /xet/v1/xorbs/default/{'0' * 64} HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: {repo.writer.headers['Authorization']}\r\n"
        f"Content-Length: {70 << 20}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


# Lies about files


def _lies(xorb: Xorb) -> dict[str, File]:
    whole, content = xorb.term(), b"".join(xorb.chunks)

    def of(*terms: Term, **changes: Any) -> File:
        return File(list(terms), content, **changes)

    other = Xorb(_random(77))
    real = of(whole).raw_hash
    return {
        "an unknown xorb": of(whole.lying(xorb=other.raw_hash), claimed_hash=real),
        "a range behind the end": of(whole.lying(end=3), claimed_hash=real),
        "a range far behind the end": of(
            whole.lying(start=2**31, end=2**32 - 1), claimed_hash=real
        ),
        "an empty range": of(whole.lying(start=1, end=1, unpacked_bytes=0), claimed_hash=real),
        "a range backwards": of(whole.lying(start=2, end=0), claimed_hash=real),
        "too many bytes": of(whole.lying(unpacked_bytes=len(content) + 1), claimed_hash=real),
        "too few bytes": of(whole.lying(unpacked_bytes=1), claimed_hash=real),
        "a wrong verification hash": of(whole.lying(proof=bytes(32)), claimed_hash=real),
        "another range's verification hash": of(
            whole.lying(proof=xorb.term(0, 1).proof), claimed_hash=real
        ),
        "a wrong file hash": of(whole, claimed_hash=other.raw_hash),
        "the hash of the empty file": of(whole, claimed_hash=bytes(32)),
        "a wrong SHA-256": of(whole, claimed_sha256=hashlib.sha256(b"else").hexdigest()),
        "no verification hashes": of(whole, flags=1 << 30),
    }


@pytest.mark.parametrize("lie", sorted(_lies(Xorb([b"a", b"b"]))))
@pytest.mark.parametrize("route", ["v1", "v2"])
def test_a_lying_shard_is_refused_whole(repo: Repo, lie: str, route: str) -> None:
    xorb, other = Xorb(_random(3000, 4000)), Xorb(_random(50))
    repo.put(xorb)
    repo.put(other)
    liar, honest = _lies(xorb)[lie], whole_file(other)
    answer = repo.writer.post(f"/xet/{route}/shards", content=shard([honest, liar]))
    assert answer.status_code == 400, answer.text
    assert repo.reconstruction(whole_file(xorb)).status_code == 404
    assert repo.reconstruction(honest).status_code == 404
    assert not _holds(repo, liar.sha256) and not _holds(repo, honest.sha256)


def test_a_xorb_that_was_described_wrongly_is_refused(repo: Repo) -> None:
    xorb, liar = Xorb(_random(3000)), Xorb(_random(3001))
    repo.put(xorb)
    assert repo.register(xorbs=[liar]).status_code == 400
    message = shard([], [xorb]).replace(xorb.entries[0][0], os.urandom(32))
    assert repo.writer.post("/xet/v1/shards", content=message).status_code == 400


def test_an_unknown_xorb_and_one_that_is_not_proven_look_the_same(
    repo: Repo, make_repo: Any
) -> None:
    theirs, _ = make_repo("mallory", private=True).upload(*_random(4000))
    unknown = Xorb(_random(4000))
    said = []
    for xorb in (theirs, unknown):
        file = File([xorb.term().lying(proof=bytes(32))], b"")
        said.append(repo.register(file).json()["error"].replace(xorb.hash, "H"))
        said[-1] = said[-1].replace(file.hash, "F")
    assert said[0] == said[1]


def test_anothers_xorb_cannot_be_claimed_by_its_hash_alone(repo: Repo, make_repo: Any) -> None:
    secret, file = make_repo("victim", private=True).upload(*_random(6000, 7000))
    # A thief knows the xorb's name and the file's name, not the chunks.
    blind = Term(secret.raw_hash, 13_000, 0, 2, hashlib.sha256(b"guess").digest())
    claim = File([blind], b"", claimed_hash=file.raw_hash, claimed_sha256=file.sha256)
    assert repo.register(claim).status_code == 400
    assert repo.reconstruction(file).status_code == 404
    assert not _holds(repo, file.sha256)


BROKEN_SHARDS = {
    "an empty body": b"",
    "another tag": b"X" + shard([])[1:],
    "another version": shard([])[:32] + b"\3" + shard([])[33:],
    "no end": shard([])[:-1],
    "no xorb section": shard([])[:-48],
    "bytes behind the end": shard([]) + b"more",
    "a file of four billion terms": shard([])[:48] + bytes(36) + b"\xff" * 4 + bytes(8),
    "a xorb of four billion chunks": shard([])[:96] + bytes(36) + b"\xff" * 4 + bytes(8),
    "a file cut short": shard([whole_file(Xorb([b"x"]))])[:150],
}


@pytest.mark.parametrize("body", BROKEN_SHARDS.values(), ids=BROKEN_SHARDS.keys())
def test_a_broken_shard_is_a_bad_request(repo: Repo, body: bytes) -> None:
    assert repo.writer.post("/xet/v1/shards", content=body).status_code == 400


# Who may do what


def test_a_file_of_another_repository_does_not_exist_here(repo: Repo, make_repo: Any) -> None:
    _, file = make_repo("victim", private=True).upload(*_random(5000))
    assert repo.reconstruction(file).status_code == 404
    assert repo.reader.get(f"/xet/v1/reconstructions/{file.hash}").status_code == 404


def test_the_same_bytes_in_two_repositories_are_read_from_both(repo: Repo, make_repo: Any) -> None:
    other = make_repo("bob")
    xorb, file = repo.upload(*_random(5000))
    assert other.put(xorb).json() == {"was_inserted": True}  # tells nothing of the others
    assert other.register(file).json() == {"result": 1}
    assert other.download(file) == repo.download(file) == file.content


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y", "Basic eDp5", "Bearer hf_abcdef"])
def test_nothing_goes_without_a_token(shared_server: LiveServer, header: str) -> None:
    for method, path in [
        ("POST", f"/xet/v1/xorbs/default/{'0' * 64}"),
        ("POST", "/xet/v1/shards"),
        ("POST", "/xet/v2/shards"),
        ("GET", f"/xet/v2/reconstructions/{'0' * 64}"),
        ("GET", f"/xet/v1/reconstructions/{'0' * 64}"),
    ]:
        headers = {"Authorization": header} if header else {}
        answer = httpx.request(method, shared_server.url + path, headers=headers)
        assert answer.status_code == 401, path


def test_a_read_token_does_not_write(repo: Repo) -> None:
    xorb = Xorb(_random(3000))
    put = repo.reader.post(f"/xet/v1/xorbs/default/{xorb.hash}", content=xorb.body)
    registered = repo.reader.post("/xet/v1/shards", content=shard([whole_file(xorb)]))
    assert (put.status_code, registered.status_code) == (403, 403)


def test_a_token_ends(repo: Repo) -> None:
    key = signing.signing_key(repo.server.hub.database)
    long_ago = clock.now() - timedelta(seconds=access.TOKEN_SECONDS + 1)
    old, _ = access.issue_token(key, access.XetAccess(1, STRANGER, True), long_ago)
    answer = repo.reader.get(
        f"/xet/v2/reconstructions/{'0' * 64}", headers={"Authorization": f"Bearer {old}"}
    )
    assert answer.status_code == 401
    assert "expired" in answer.json()["error"]


def test_a_forged_token_is_none(repo: Repo) -> None:
    forged, _ = access.issue_token(b"not the key", access.XetAccess(1, STRANGER, True), clock.now())
    real = repo.reader.headers["Authorization"].removeprefix("Bearer ")
    body, _, signature = real.partition(".")
    other_body = repo.writer.headers["Authorization"].removeprefix("Bearer ").partition(".")[0]
    for token in (forged, f"{other_body}.{signature}", f"{body}.", body, f"{body}.{signature}x"):
        answer = repo.reader.get(
            f"/xet/v2/reconstructions/{'0' * 64}", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 401, token


def test_an_address_gives_only_what_was_signed(repo: Repo) -> None:
    xorb = Xorb(_random(1000, 2000, 3000))
    repo.put(xorb)
    file = File([xorb.term(1, 2)], xorb.chunks[1])
    repo.register(file)
    (fetch,) = repo.reconstruction(file).json()["xorbs"][xorb.hash]
    url = fetch["url"]
    assert repo.stranger.get(url, headers={"Range": "bytes=1008-3015"}).status_code == 206
    assert repo.stranger.get(url, headers={"Range": "bytes=1010-1020"}).status_code == 206
    for outside in ("0-10", "1007-1010", "1008-3016", "3016-", "1008-1009,0-1"):
        assert repo.stranger.get(url, headers={"Range": f"bytes={outside}"}).status_code == 403, (
            outside
        )
    for nonsense in ("bytes=-5", "bytes=5-1", "lines=1-2", "bytes=a-b", "bytes=" + "1-2," * 100):
        assert repo.stranger.get(url, headers={"Range": nonsense}).status_code == 400, nonsense
    assert repo.stranger.get(url).status_code == 400
    assert repo.stranger.get(url, headers={"Range": "bytes=99999-"}).status_code == 416
    assert repo.stranger.head(url, headers={"Range": "bytes=1008-3015"}).status_code == 206
    assert repo.stranger.get(url + "x", headers={"Range": "bytes=1008-3015"}).status_code == 403
    token = repo.reader.headers["Authorization"].removeprefix("Bearer ")
    wrong_purpose = f"{repo.server.url}/xet/data?sig={token}"
    assert repo.stranger.get(wrong_purpose, headers={"Range": "bytes=0-1"}).status_code == 403


def test_an_expired_address_is_403_so_that_clients_ask_again(repo: Repo) -> None:
    xorb, _ = repo.upload(*_random(1000))
    key = signing.signing_key(repo.server.hub.database)
    blob = _blob(repo, xorb)
    long_ago = clock.now() - timedelta(seconds=access.ADDRESS_SECONDS + 1)
    signature = access.sign_address(
        key, access.XorbRanges(1, STRANGER, "", blob, [(0, blob.size_bytes)], None), long_ago
    )
    answer = repo.stranger.get(
        f"{repo.server.url}/xet/data?sig={signature}", headers={"Range": "bytes=0-1"}
    )
    assert answer.status_code == 403


def test_a_repository_that_is_gone_takes_no_files(repo: Repo) -> None:
    xorb = Xorb(_random(3000))
    repo.put(xorb)
    repo.server.api(repo.server.user("alice")).delete_repo(repo.name)
    assert repo.register(whole_file(xorb)).status_code == 404


def test_a_damaged_medium_is_our_failure(repo: Repo) -> None:
    xorb = Xorb(_random(3000, 3000), [1, 1])
    repo.put(xorb)
    blob = _blob(repo, xorb)
    path = repo.server.hub.blobs.local_path(blob.sha256)
    assert path is not None
    path.write_bytes(b"\0" * blob.size_bytes)
    answer = repo.register(whole_file(xorb))
    assert answer.status_code == 503
    assert not _holds(repo, whole_file(xorb).sha256)


def _blob(repo: Repo, xorb: Xorb) -> Any:
    with repo.server.hub.database.read() as conn:
        found = find_xorb(conn, xorb.hash)
    assert found is not None
    return found.blob


def _holds(repo: Repo, sha256: str) -> bool:
    links, repositories = tables.repository_large_files, tables.repositories
    query = sa.select(links).join(repositories, repositories.c.id == links.c.repo_id)
    query = query.where(links.c.sha256 == sha256, repositories.c.full_name == repo.name)
    with repo.server.hub.database.read() as conn:
        return conn.execute(query).first() is not None


def _blob_files_with(repo: Repo, content: bytes) -> list[str]:
    folder = repo.server.data / "blobs" / "blobs"
    return [str(path) for path in folder.glob("*/*") if path.read_bytes() == content]
