"""What does not become a request: heads that are too large, broken, or never finished."""

from __future__ import annotations

import contextlib
import json
import socket

import pytest

from paddock.http import protocol
from tests.live import LiveServer


def exchange(server: LiveServer, sent: bytes) -> bytes:
    """Everything the server answers until it closes the connection."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        received = b""
        # It may answer and close before we are done, as it should.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
        return received


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\nx-large: " + b"a" * 10_000_000,
        b"GET / HTTP/1.1\r\nhost: x\r\nx-large: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n" + b"x-many: 1\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=["ten megabytes, unfinished", "one line", "many lines", "long address"],
)
def test_a_head_over_the_limit_is_refused(shared_server: LiveServer, head: bytes) -> None:
    answer = exchange(shared_server, head)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    if answer:
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


@pytest.mark.parametrize(
    "endless",
    [b"0\r\nx-trailer: ", b"0\r\nx-trailer: a\r\n" * 1000, b"5; extension="],
    ids=["one trailer", "many trailers", "a chunk's extension"],
)
def test_nothing_is_collected_behind_or_between_chunks(
    shared_server: LiveServer, endless: bytes
) -> None:
    head = b"POST /v1/telemetry HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    host, port = shared_server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head + endless)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(1000):
                connection.sendall(b"a" * 20_000)


def test_a_body_in_tiny_chunks_is_no_such_thing(shared_server: LiveServer) -> None:
    head = b"POST /v1/telemetry HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    body = b"1\r\na\r\n" * 100_000 + b"0\r\nx-trailer: a\r\n\r\n"
    answer = exchange(shared_server, head + b"transfer-encoding: chunked\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS hello
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        b"\0" * 1000,
    ],
)
def test_what_is_not_http_gets_400_and_the_connection_closed(
    shared_server: LiveServer, garbage: bytes
) -> None:
    assert exchange(shared_server, garbage)[:13] in {b"HTTP/1.1 400 ", b""}


def test_the_server_goes_on_after_all_of_it(shared_server: LiveServer) -> None:
    exchange(shared_server, b"\0" * 1000)
    answer = exchange(
        shared_server, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    assert answer.endswith(b"ok\n")


def test_a_connection_that_never_finishes_its_head_is_closed(
    monkeypatch: pytest.MonkeyPatch, server: LiveServer
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    assert exchange(server, b"GET / HTTP/1.1\r\nhost: ") == b""
