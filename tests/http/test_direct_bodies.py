"""Large bodies past the parser: every byte arrives, and the connection goes on behind them."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing, suppress

import pytest
import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from paddock.http import protocol
from paddock.http.direct_bodies import LEAST_BYTES, PIECE_BYTES, offered
from paddock.http.protocol import uvicorn_options

CONTENT = os.urandom(3 * PIECE_BYTES + 12_345)


class Digests:
    """Answers with how it was read and the SHA-256 of what was; ``/N``: of N pieces only."""

    def __init__(self) -> None:
        self.left = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        digest, way = hashlib.sha256(), b"messages"
        most = int(scope["path"][1:] or 10**9)
        if (direct := offered(scope)) is not None:
            way = b"direct"
            try:
                async with aclosing(direct.pieces()) as pieces:
                    async for piece in pieces:
                        digest.update(piece)
                        most -= 1
                        if most <= 0:
                            break
            except ClientDisconnect:
                self.left.set()
                raise
        else:
            more = True
            while more:
                message = await receive()
                digest.update(message.get("body", b""))
                more = message.get("more_body", False)
        body = b"%s %s" % (way, digest.hexdigest().encode())
        head = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def app() -> Digests:
    return Digests()


@pytest.fixture
def connection(app: Digests) -> Iterator[socket.socket]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, **uvicorn_options()))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    with socket.create_connection(listener.getsockname(), timeout=20) as made:
        yield made
    server.should_exit = server.force_exit = True
    thread.join(10)
    listener.close()


def head(size_bytes: int, path: str = "/", more: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {size_bytes}\r\n{more}\r\n".encode()


def answer(connection: socket.socket) -> bytes:
    """The body of one answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(1)
        assert piece, received
        received += piece
    size = int(received.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while size:
        piece = connection.recv(size)
        received += piece
        size -= len(piece)
    return received.partition(b"\r\n\r\n")[2]


def of(way: str, content: bytes) -> bytes:
    return f"{way} {hashlib.sha256(content).hexdigest()}".encode()


@pytest.mark.parametrize("size", [LEAST_BYTES, PIECE_BYTES, PIECE_BYTES + 1, len(CONTENT)])
def test_every_byte_arrives_and_the_connection_goes_on(
    connection: socket.socket, size: int
) -> None:
    for _ in range(3):
        connection.sendall(head(size) + CONTENT[:size])
        assert answer(connection) == of("direct", CONTENT[:size])


def test_requests_sent_without_waiting_are_told_apart(connection: socket.socket) -> None:
    sent = [CONTENT, b"small", CONTENT[:LEAST_BYTES], b""]
    sending = threading.Thread(
        target=connection.sendall, args=[b"".join(head(len(body)) + body for body in sent)]
    )
    sending.start()
    ways = ["direct", "messages", "direct", "messages"]
    for way, body in zip(ways, sent, strict=True):
        assert answer(connection) == of(way, body)
    sending.join()


def test_who_reads_a_part_of_it_answers_and_the_rest_is_passed_over(
    connection: socket.socket,
) -> None:
    sending = threading.Thread(target=connection.sendall, args=[head(len(CONTENT), "/2") + CONTENT])
    sending.start()
    assert answer(connection).startswith(b"direct ")
    sending.join()
    connection.sendall(head(LEAST_BYTES) + CONTENT[:LEAST_BYTES])
    assert answer(connection) == of("direct", CONTENT[:LEAST_BYTES])


def test_a_body_may_come_slowly_as_long_as_it_moves(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "STALLED_SECONDS", 0.5)
    connection.sendall(head(LEAST_BYTES))
    for at in range(0, LEAST_BYTES, LEAST_BYTES // 8):
        connection.sendall(CONTENT[at : at + LEAST_BYTES // 8])
        time.sleep(0.15)
    assert answer(connection) == of("direct", CONTENT[:LEAST_BYTES])


def test_one_that_stands_still_is_cut_off(
    app: Digests, connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "STALLED_SECONDS", 0.3)
    connection.sendall(head(len(CONTENT)) + CONTENT[:1000])
    with suppress(ConnectionResetError):
        assert connection.recv(1) == b""
    assert app.left.wait(10)


def test_a_client_that_leaves_is_noticed(app: Digests, connection: socket.socket) -> None:
    connection.sendall(head(len(CONTENT)) + CONTENT[: 2 * PIECE_BYTES])
    connection.shutdown(socket.SHUT_RDWR)
    assert app.left.wait(10)


def test_a_client_that_asks_first_is_told_to_go_on(connection: socket.socket) -> None:
    connection.sendall(head(len(CONTENT), more="expect: 100-continue\r\n"))
    told = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert connection.recv(len(told), socket.MSG_WAITALL) == told
    connection.sendall(CONTENT)
    assert answer(connection) == of("direct", CONTENT)


def test_a_chunked_body_comes_by_messages(connection: socket.socket) -> None:
    connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(CONTENT), CONTENT))
    assert answer(connection) == of("messages", CONTENT)
