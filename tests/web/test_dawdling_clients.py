"""Clients that stand still: they are cut off, and meanwhile hold up nobody."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from paddock.http import protocol
from paddock.web import sendfile
from tests.live import LiveServer

SECONDS = 1.0
MANY = 300


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STALLED_SECONDS", SECONDS)
    monkeypatch.setattr(sendfile, "STALLED_SECONDS", SECONDS)
    monkeypatch.setattr(protocol, "HEAD_SECONDS", SECONDS)


def connect(server: LiveServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has ended the connection by now; blocks for as long as it has not."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.fixture
def large_file(shared_server: LiveServer) -> Iterator[str]:
    api = shared_server.admin_api
    api.create_repo("boss/large", exist_ok=True)
    api.upload_file(path_or_fileobj=bytes(64 << 20), path_in_repo="zeros.bin", repo_id="boss/large")
    yield "/boss/large/resolve/main/zeros.bin"


def test_a_body_that_stands_still_is_cut_off(shared_server: LiveServer) -> None:
    head = (
        "POST /api/repos/create HTTP/1.1\r\nhost: x\r\n"
        f"authorization: Bearer {shared_server.admin_token}\r\ncontent-length: 1000\r\n\r\n{{"
    )
    with connect(shared_server) as connection:
        connection.sendall(head.encode())
        began = time.monotonic()
        assert is_closed(connection)
        assert SECONDS * 0.5 < time.monotonic() - began < 15


def test_a_body_that_moves_slowly_is_waited_for(shared_server: LiveServer) -> None:
    body = b'{"content": "# nothing"}'
    head = (
        "POST /api/validate-yaml HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    with connect(shared_server) as connection:
        connection.sendall(head.encode())
        for byte in body:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)
        assert connection.recv(20).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_does_not_read_is_cut_off(shared_server: LiveServer, large_file: str) -> None:
    with connect(shared_server) as connection:
        connection.sendall(f"GET {large_file} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        time.sleep(SECONDS * 4)
        received = 0
        try:
            while piece := connection.recv(1 << 20):
                received += len(piece)
        except ConnectionResetError:
            pass
        assert received < 64 << 20


def test_many_half_open_connections_hold_up_nobody(shared_server: LiveServer) -> None:
    with ExitStack() as stack:
        for number in range(MANY):
            connection = stack.enter_context(connect(shared_server))
            connection.sendall(
                [b"", b"GET / HTTP/1.1\r\nx-slow: ", b"POST /x HTTP/1.1\r\n"][number % 3]
            )
        began = time.monotonic()
        assert httpx.get(f"{shared_server.url}/api/models").status_code == 200
        assert time.monotonic() - began < 10


def test_over_the_limit_new_connections_are_turned_away(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_most_connections", lambda: 20)
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(shared_server)) for _ in range(40)]
        assert connections[-1].recv(12) == b"HTTP/1.1 503"
        assert all(is_closed(connection) for connection in connections)
    assert httpx.get(f"{shared_server.url}/healthz").status_code == 200
