"""Receives webhooks over real HTTP, and misbehaves as its address says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_SECONDS = 20.0


@dataclass
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Receiver:
    """Every request that came, in order; ``statuses`` are answered in turn, then 200."""

    url: str
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def bodies(self) -> list[dict[str, Any]]:
        return [request.json for request in self.received]

    def events(self) -> list[str]:
        """``action scope`` of each."""
        events = [body["event"] for body in self.bodies()]
        return [f"{event['action']} {event['scope']}" for event in events]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Listens on this machine until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    state = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    server.state = state
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def state(self) -> Receiver:
        state: Receiver = self.server.state
        return state

    def do_GET(self) -> None:  # who follows a redirect comes so
        self._note(b"")
        self._answer(200)

    def do_POST(self) -> None:
        self._note(self.rfile.read(int(self.headers["content-length"])))
        misbehave = getattr(self, "_" + self.path.strip("/").split("/")[0], None)
        if misbehave is not None:
            misbehave()
            return
        self._answer(self.state.statuses.pop(0) if self.state.statuses else 200)

    def _note(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.state.received.append(Received(self.path, headers, body))

    def _answer(self, status: int, body: bytes = b"thanks") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self) -> None:
        self.send_response(307)
        self.send_header("Location", self.state.url + "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        self._send_for_long(b"x" * 65536, 0)

    def _slow(self) -> None:
        self.state.stopped.wait(PATIENCE_SECONDS)

    def _drip(self) -> None:
        """Never quiet for long, and never done: not even the head."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._send_for_long(b"X-A: b\r\n", 0.05)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _nonsense(self) -> None:
        self.wfile.write(b"\0\0 not HTTP at all\r\n\r\n")
        self.close_connection = True

    def _binary(self) -> None:
        self._answer(200, b"\0\xff\xfe text")

    def _send_for_long(self, piece: bytes, pause_seconds: float) -> None:
        self.close_connection = True
        ends = time.monotonic() + PATIENCE_SECONDS
        try:
            while time.monotonic() < ends and not self.state.stopped.wait(pause_seconds):
                self.wfile.write(piece)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass
