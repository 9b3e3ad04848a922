"""A registry that asks for tokens and behaves badly on purpose.

What it should do wrong is set by the test: answer with errors for a while, lose upload sessions,
stop in the middle of a file, send other bytes than asked for, or send a reader on to a stranger.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token-of-the-registry"


@dataclass
class FakeRegistry:
    """What it holds, what it was asked, and what it does wrong."""

    host: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)  # with Authorization
    needs_token: bool = False
    failing: int = 0  # requests that get 503 before it works again
    lost_sessions: bool = False
    cut_after: int | None = None  # bytes of an upload that arrive before the line is cut, once
    changes_bytes: bool = False
    sent_on_to: str | None = None  # where blobs really are
    endless_manifest: bool = False

    def bytes_received(self) -> int:
        return sum(map(len, self.blobs.values()))


@contextmanager
def fake_registry() -> Iterator[FakeRegistry]:
    """A running one; ``host`` is its HOST:PORT."""
    registry = FakeRegistry()
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: FakeRegistry

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _allowed(self) -> bool:
        registry, path = self.registry, urlsplit(self.path)
        registry.asked.append((self.command, self.path, self.headers.get("Authorization")))
        if registry.failing:
            registry.failing -= 1
            self._drain()
            self._answer(503)
            return False
        if path.path == "/token":
            self._answer(200, json.dumps({"token": TOKEN}).encode())
            return False
        if registry.needs_token and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._drain()
            challenge = f'Bearer realm="http://{registry.host}/token",service="fake"'
            self._answer(401, b"{}", WWW_Authenticate=challenge)
            return False
        return True

    def _drain(self) -> None:
        self._body()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        left = int(self.headers.get("Content-Length") or 0)
        cut = self.registry.cut_after
        if cut is not None and left > cut:
            self.registry.cut_after = None
            part = self.rfile.read(cut)
            self._keep(part)
            self.close_connection = True
            self.connection.close()
            raise ConnectionAbortedError
        return self.rfile.read(left)

    def _keep(self, part: bytes) -> None:
        name = urlsplit(self.path).path.rpartition("/")[2]
        self.registry.uploads.setdefault(name, bytearray()).extend(part)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self._allowed():
            return
        registry, path = self.registry, urlsplit(self.path).path
        kind, _, name = path.partition("/v2/")[2].rpartition("/")
        if path == "/v2/":
            self._answer(200, b"{}")
        elif kind.endswith("/uploads"):
            self._progress(name)
        elif kind.endswith("/manifests"):
            if registry.endless_manifest:
                return self._answer(200, b" " * (5 << 20))
            found = registry.manifests.get(name)
            self._answer(200, found) if found is not None else self._answer(404, b"{}")
        elif registry.sent_on_to and name in registry.blobs:
            self._answer(307, Location=registry.sent_on_to)
        else:
            self._blob(registry.blobs.get(name))

    def _progress(self, name: str) -> None:
        upload = None if self.registry.lost_sessions else self.registry.uploads.get(name)
        if upload is None:
            self._answer(404, b"{}")
        else:
            self._answer(204, Range=f"0-{max(len(upload) - 1, 0)}", Location=self.path)

    def _blob(self, found: bytes | None) -> None:
        if found is None:
            return self._answer(404, b"{}")
        start = int((self.headers.get("Range") or "bytes=0-")[6:].rstrip("-"))
        sent = bytes(len(found)) if self.registry.changes_bytes else found
        self._answer(206 if start else 200, sent[start:])

    def do_POST(self) -> None:
        if not self._allowed():
            return
        self._drain()
        name = f"session-{len(self.registry.uploads)}"
        self.registry.uploads[name] = bytearray()
        self._answer(202, Location=f"{urlsplit(self.path).path}{name}?state=secret")

    def do_PATCH(self) -> None:
        if not self._allowed():
            return
        try:
            self._keep(self._body())
        except ConnectionAbortedError:
            return
        self._answer(202, Location=self.path)

    def do_PUT(self) -> None:
        if not self._allowed():
            return
        path = urlsplit(self.path)
        name = path.path.rpartition("/")[2]
        try:
            body = self._body()
        except ConnectionAbortedError:
            return
        if "/manifests/" in path.path:
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            self.registry.manifests |= {name: body, digest: body}
            return self._answer(201, Docker_Content_Digest=digest)
        content = bytes(self.registry.uploads.pop(name, b"")) + body
        wanted = parse_qs(path.query)["digest"][0]
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != wanted:
            error = {"errors": [{"code": "DIGEST_INVALID", "message": "other bytes"}]}
            return self._answer(400, json.dumps(error).encode())
        self.registry.blobs[wanted] = content
        self._answer(201, Docker_Content_Digest=wanted)
