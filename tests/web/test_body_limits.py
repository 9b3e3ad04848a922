"""Every route that takes a body refuses one over its limit before any of it was sent."""

from __future__ import annotations

import re
import socket

import pytest

from tests.live import LiveServer
from tests.web.test_hostile_requests import every_route

HONEST = {
    "kind": "models", "namespace": "boss", "name": "real", "rev": "main", "num": "1",
    "ref": "main", "branch": "b", "tag": "t", "status": "pending", "path": "a.txt", "rest": "x",
}  # fmt: skip
PETABYTE = 1 << 50
# These read no body at all: what somebody announces with them changes nothing.
READ_NOTHING = ("/like", "/avatar", "/telemetry", "/userinfo", "/scan")


@pytest.fixture(scope="module")
def repo(shared_server: LiveServer) -> None:
    shared_server.admin_api.create_repo("boss/real")


def answer_to_head(server: LiveServer, method: str, path: str, sending: str) -> bytes:
    """What comes back when only the head was sent."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{sending}\r\n"
            f"authorization: Bearer {server.admin_token}\r\n\r\n"
        )
        connection.sendall(head.encode())
        received = b""
        while len(received) < 12 and (piece := connection.recv(4096)):
            received += piece
        return received


@pytest.mark.usefixtures("repo")
def test_a_petabyte_is_refused_by_its_head_alone(shared_server: LiveServer) -> None:
    taken = []
    routes = {
        (method, path)
        for method, path in every_route()
        if method in ("POST", "PUT", "PATCH", "DELETE")
    }
    assert len(routes) > 100
    for method, path in sorted(routes):
        sending = f"content-length: {PETABYTE}\r\ncontent-type: application/json"
        answer = answer_to_head(shared_server, method, address_of(path), sending)
        status = int(answer[9:12])
        if not (400 <= status < 500 or status == 501 or path.endswith(READ_NOTHING)):
            taken.append((method, path, status))
    assert taken == []


def address_of(path: str) -> str:
    """The route's address of something that is there, where there is something."""

    def value(found: re.Match[str]) -> str:
        return "" if found[2] == "kind_prefix" else HONEST.get(found[1], "x")

    return re.sub(r"\{(\w+)(?::(\w+))?\}", value, path)
