"""Bodies that are cut off, dawdle, lie about their length, or come twice at once.

Whatever a connection does: nothing is left of a xorb that was not whole, and others are served.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from paddock.hub import tables
from paddock.hub.large import usage
from paddock.hub.people.accounts import find_account
from paddock.hub.xet import hashes, proving, readable, registration
from tests.hub.api.hosted import Hosted, host, line
from tests.hub.xet.messages import File, Xorb, shard, whole_file
from tests.live import LiveServer

AT_ONCE = 4


@pytest.fixture(scope="module")
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def _cas(hosted: Hosted) -> httpx.Client:
    grant = hosted.http.get(f"{hosted.api}/xet-write-token/main").raise_for_status().json()
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    return httpx.Client(base_url=grant["casUrl"], headers=headers, timeout=60)


def _await_empty_staging(hosted: Hosted) -> None:
    """The server finds out a little later than we that a connection is gone."""
    staging = hosted.server.data / "blobs" / "staging"
    deadline = time.monotonic() + 30
    while left := list(staging.iterdir()):
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def _is_known(hosted: Hosted, xorb: Xorb) -> bool:
    same = sa.select(tables.xorbs.c.hash).where(tables.xorbs.c.hash == xorb.hash)
    with hosted.server.hub.database.read() as conn:
        return conn.execute(same).first() is not None


def _connect(cas: httpx.Client, xorb: Xorb, *headers: str) -> socket.socket:
    """A connection on which a xorb's head was sent."""
    url = cas.base_url.join(f"v1/xorbs/default/{xorb.hash}")
    connection = socket.create_connection((url.host, url.port or 80), timeout=30)
    authority = f"Authorization: {cas.headers['Authorization']}"
    head = [f"POST {url.path} HTTP/1.1", f"Host: {url.host}", authority, *headers, "", ""]
    connection.sendall("\r\n".join(head).encode())
    return connection


def _answer_to(connection: socket.socket, rest: bytes) -> bytes:
    """What comes when that is sent and nothing more; nothing from a server that hung up on us."""
    try:
        connection.sendall(rest)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    try:
        return connection.recv(1000)
    except OSError:
        return b""


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


CUTS: dict[str, Callable[[int], int]] = {
    "before its first byte": lambda size: 0,
    "in its first header": lambda size: 5,
    "in a chunk": lambda size: size // 2,
    "before its last byte": lambda size: size - 1,
}


@pytest.mark.parametrize("where", CUTS)
@pytest.mark.parametrize("end", [socket.socket.close, _reset], ids=["closed", "reset"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_xorb_cut_off_leaves_nothing(
    hosted: Hosted, where: str, end: Callable[[socket.socket], None], framing: str
) -> None:
    xorb = Xorb([os.urandom(90_000) for _ in range(3)])
    part = xorb.body[: CUTS[where](len(xorb.body))]
    with _cas(hosted) as cas:
        if framing == "length":
            connection = _connect(cas, xorb, f"Content-Length: {len(xorb.body)}")
            connection.sendall(part)
        else:
            connection = _connect(cas, xorb, "Transfer-Encoding: chunked")
            connection.sendall(b"%x\r\n" % len(xorb.body) + part)
        end(connection)
        _await_empty_staging(hosted)
        assert not _is_known(hosted, xorb)
        assert cas.post("v1/shards", content=shard([whole_file(xorb)])).status_code == 400
        put = cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body)
        assert put.status_code == 200


LENGTHS = {
    "no number": "Content-Length: many",
    "a number below zero": "Content-Length: -5",
    "two numbers": "Content-Length: 5\r\nContent-Length: 6",
    "a list": "Content-Length: 5, 6",
    "a number and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "hexadecimal": "Content-Length: 0x10",
    "2^64": f"Content-Length: {1 << 64}",
    "a terabyte": f"Content-Length: {1 << 40}",
    "chunks of another kind": "Transfer-Encoding: gzip",
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_that_is_none_is_refused_at_once(hosted: Hosted, name: str) -> None:
    xorb = Xorb([os.urandom(100)])
    with _cas(hosted) as cas, _connect(cas, xorb, LENGTHS[name]) as connection:
        answer = _answer_to(connection, b"0\r\n\r\n")
    assert answer == b"" or answer.split(b" ")[1] in (b"400", b"413", b"411", b"501"), answer
    assert not _is_known(hosted, xorb)


@pytest.mark.parametrize("size", [b"zz", b"-1", b"ffffffffffffffffff", b"5;" + b"x" * 70_000])
def test_a_chunk_of_no_size_is_refused(hosted: Hosted, size: bytes) -> None:
    xorb = Xorb([os.urandom(100)])
    with _cas(hosted) as cas, _connect(cas, xorb, "Transfer-Encoding: chunked") as connection:
        answer = _answer_to(connection, size + b"\r\n" + xorb.body)
    assert answer == b"" or answer.split(b" ")[1] == b"400", answer
    assert not _is_known(hosted, xorb)


def test_who_dawdles_keeps_nobody_waiting(hosted: Hosted) -> None:
    slow = Xorb([os.urandom(5000)])
    with _cas(hosted) as cas:
        waiting = [_connect(cas, slow, f"Content-Length: {len(slow.body)}") for _ in range(60)]
        for connection in waiting:
            connection.sendall(slow.body[:3000])
        quick = Xorb([os.urandom(5000)])
        put = cas.post(f"v1/xorbs/default/{quick.hash}", content=quick.body)
        assert put.status_code == 200
        assert cas.post("v1/shards", content=shard([whole_file(quick)])).status_code == 200
        last = waiting.pop()
        for piece in (slow.body[3000:3001], slow.body[3001:]):
            last.sendall(piece)
        assert last.recv(1000).startswith(b"HTTP/1.1 200")
        for connection in (last, *waiting):
            connection.close()
    _await_empty_staging(hosted)


@pytest.mark.parametrize("forms", [[[0, 0]], [[0, 0], [1, 1], [2, 2], [1, 0]]])
def test_the_same_content_at_once_is_stored_once_and_everybodys(
    server_on_each: LiveServer, forms: list[list[int]]
) -> None:
    chunks = [bytes(range(256)) * 300, os.urandom(70_000)]
    everybody = [forms[number % len(forms)] for number in range(AT_ONCE)]
    together = threading.Barrier(AT_ONCE)

    def upload(schemes: list[int]) -> None:
        xorb = Xorb(chunks, schemes)
        file = whole_file(xorb)
        with host(server_on_each, private=True) as own, _cas(own) as cas:
            together.wait(30)
            put = cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body)
            assert put.status_code == 200, put.text
            together.wait(30)
            told = cas.post("v1/shards", content=shard([file], [xorb]))
            assert told.json() == {"result": 1}, told.text
            named = {"algo": "sha256", "oid": file.sha256, "size": len(file.content)}
            assert own.post_commit(line("lfsFile", path="w.bin", **named)).is_success
            got = own.http.get(f"/{own.repo_id}/resolve/main/w.bin")
            assert got.content == file.content

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(upload, everybody))


def test_terms_to_and_fro_between_xorbs_are_proven_in_windows(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "_WINDOW_TERMS", 3)
    monkeypatch.setattr(proving, "_WINDOW_CHUNKS", 4)
    one, two = (Xorb([os.urandom(500 + at) for at in range(8)]) for _ in range(2))
    terms = [term for at in range(7) for term in (one.term(at, at + 1), two.term(at, at + 2))]
    content = b"".join(
        piece for at in range(7) for piece in (one.chunks[at], *two.chunks[at : at + 2])
    )
    with _cas(hosted) as cas:
        for xorb in (one, two):
            assert cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body).is_success
        honest = File(terms, content)
        for at in range(len(terms)):
            lied = [*terms[:at], terms[at].lying(proof=bytes(32)), *terms[at + 1 :]]
            liar = File(lied, content, claimed_hash=honest.raw_hash)
            answer = cas.post("v1/shards", content=shard([liar]))
            assert answer.status_code == 400
            assert f"term {at} of" in answer.json()["error"]
        swapped = File([*terms[2:4], *terms[:2], *terms[4:]], content, honest.raw_hash)
        assert cas.post("v1/shards", content=shard([swapped])).status_code == 400
        assert cas.post("v1/shards", content=shard([honest])).json() == {"result": 1}


def test_a_small_shard_of_a_huge_file_is_refused_before_anything_is_read(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight chunks, named again and again, are 2 GB: where the quota is less, nobody begins."""
    monkeypatch.setattr(registration, "digest_all", None)  # whoever reads a byte fails
    xorb = Xorb([bytes(131_072)] * 8, [1] * 8)
    terms = [xorb.term()] * 2000
    owner = hosted.repo_id.split("/")[0]
    with hosted.server.hub.database.write() as conn:
        account = find_account(conn, owner)
        assert account is not None
        usage.set_quota(conn, account.id, 10**9)
    with _cas(hosted) as cas:
        assert cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body).is_success
        tree = hashes.MergeTree()
        tree.add_all(b"".join(hash_ for hash_, _ in xorb.entries) * 2000, [131_072] * 16_000)
        name = hashes.file_hash(tree.root())
        claim = File(terms, b"", claimed_hash=name, flags=1 << 31)
        answer = cas.post("v1/shards", content=shard([claim]))
    assert answer.status_code == 403
    assert "Storage limit reached" in answer.json()["error"]


def test_a_file_told_a_thousand_times_is_asked_for_once(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    may_read = readable.Reader.may_read

    def counted(reader: readable.Reader, conn: sa.Connection, file_hash: str) -> bool:
        asked.append(file_hash)
        return may_read(reader, conn, file_hash)

    monkeypatch.setattr(readable.Reader, "may_read", counted)
    xorb = Xorb([os.urandom(300)])
    with _cas(hosted) as cas:
        assert cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body).is_success
        told = shard([whole_file(xorb)] * 1000, [xorb])
        assert cas.post("v1/shards", content=told).status_code == 200
    assert asked.count(whole_file(xorb).hash) < 10
