"""A proxy before a real S3 store that passes every request on, and does one of them badly.

Counts requests from 1. ``fault_at`` says which one goes wrong and how; the next ones are honest
again. Signatures stay valid: the request travels as it came, with the client's Host.
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

SLOW_SECONDS = 1.5  # longer than the tests' connections wait


class Fault(Enum):
    """How one request goes wrong."""

    SERVER_ERROR = "500 before anything is done"
    BUSY = "503 before anything is done"
    FULL = "507 before anything is done"
    REFUSED = "403 before anything is done"
    RESET = "the connection is reset before anything is done"
    HALF_SENT = "half of the body arrives, then the connection is reset"
    LOST_ANSWER = "done, and the connection is reset before the answer"
    ERROR_AFTER = "done, and answered with 500"
    SILENCE = "done, and the answer comes too late"
    HALF_ANSWER = "the answer's body breaks off in its middle"
    SHORT_ANSWER = "half of the answer's body, as if it were all"
    WRONG_BYTES = "one byte of the answer's body is another"


_BEFORE = {Fault.SERVER_ERROR: 500, Fault.BUSY: 503, Fault.FULL: 507, Fault.REFUSED: 403}
_DROPPED = {"connection", "keep-alive", "transfer-encoding"}


@dataclass
class FaultyStore:
    """The proxy's address and what it is to do."""

    endpoint: str
    count: int = 0
    fault_at: tuple[int, Fault] | None = None
    seen: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, fault_at: tuple[int, Fault] | None = None) -> None:
        """Count from the beginning."""
        with self._lock:
            self.count, self.fault_at, self.seen = 0, fault_at, []

    def next_fault(self, request: str) -> Fault | None:
        with self._lock:
            self.count += 1
            self.seen.append(request)
            at, fault = self.fault_at or (0, None)
            return fault if self.count == at else None


@contextmanager
def faulty_store(endpoint: str) -> Iterator[FaultyStore]:
    """A proxy before the store at ``endpoint``, until the block ends."""
    target = urlsplit(endpoint).netloc

    class Handler(_Handler):
        upstream = target

    server = _Server(("127.0.0.1", 0), Handler)
    server.store = FaultyStore(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield server.store
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    store: FaultyStore
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that went away are no news here."""


class _Handler(BaseHTTPRequestHandler):
    upstream = ""
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def _handle(self) -> None:
        store = self.server.store
        fault = store.next_fault(f"{self.command} {self.path.partition('?')[0]}")
        length = int(self.headers.get("Content-Length") or 0)
        if fault in (Fault.RESET, Fault.HALF_SENT):
            self.rfile.read(length // 2 if fault is Fault.HALF_SENT else 0)
            return self._reset()
        body = self.rfile.read(length)
        if fault in _BEFORE:
            return self._answer(_BEFORE[fault], [], b"<Error><Code>Injected</Code></Error>")
        status, headers, content = self._pass_on(body)
        if fault is Fault.ERROR_AFTER:
            return self._answer(500, [], b"<Error><Code>Injected</Code></Error>")
        if fault is Fault.LOST_ANSWER:
            return self._reset()
        if fault is Fault.SILENCE:
            time.sleep(SLOW_SECONDS)
            return self._reset()
        self._answer_badly(fault, status, headers, content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle

    def _answer_badly(
        self, fault: Fault | None, status: int, headers: list[tuple[str, str]], content: bytes
    ) -> None:
        half = content[: len(content) // 2]
        if fault is Fault.SHORT_ANSWER:
            return self._answer(status, headers, half)
        if fault is Fault.WRONG_BYTES and content:
            middle = len(content) // 2
            content = half + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        if fault is Fault.HALF_ANSWER:
            self._answer(status, headers, half, length=len(content))
            return self._reset()
        self._answer(status, headers, content)

    def _pass_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in _DROPPED:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in _DROPPED]
            return answer.status, headers, answer.read()
        finally:
            connection.close()

    def _answer(
        self,
        status: int,
        headers: list[tuple[str, str]],
        content: bytes,
        *,
        length: int | None = None,
    ) -> None:
        self.send_response_only(status)
        told = dict.fromkeys(name.lower() for name, _ in headers)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if self.command == "HEAD" and "content-length" in told:
            self.send_header("Content-Length", dict(headers).get("Content-Length", "0"))
        else:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close so that the other side sees a reset, not an end."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""
