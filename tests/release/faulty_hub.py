"""A proxy before a real hub that refuses the requests it is told to refuse."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@dataclass
class FaultyHub:
    """Where the proxy listens, and what it refuses: method, path pattern, status, how often."""

    url: str
    refusals: list[list[object]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def refuse(self, method: str, path: str, status: int = 500, times: int = 1000) -> None:
        self.refusals.append([method, re.compile(path), status, times])

    def status_for(self, method: str, path: str) -> int | None:
        for refusal in self.refusals:
            wanted, pattern, status, times = refusal
            assert isinstance(pattern, re.Pattern)
            assert isinstance(times, int)
            assert isinstance(status, int)
            if method == wanted and times > 0 and pattern.search(path):
                refusal[3] = times - 1
                return status
        return None


@contextmanager
def faulty_hub(target: str) -> Iterator[FaultyHub]:
    """A proxy to ``target`` on a free port."""
    upstream = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.seen.append(f"{self.command} {self.path}")
            status = hub.status_for(self.command, self.path)
            if status is not None:
                self.answer(status, [("Content-Type", "application/json")], b'{"error":"no"}')
                return
            connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            kept = [(k, v) for k, v in response.getheaders() if k.lower() not in _HOP_BY_HOP]
            self.answer(response.status, kept, response.read())
            connection.close()

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub = FaultyHub(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
