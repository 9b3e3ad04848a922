"""HTTP/1.1 as uvicorn parses it, with bounds on what a client may send and how long it may dawdle.

httptools collects a header until it is complete, however long it is; what arrives is therefore
counted until it turns out to be a whole head or a piece of a body, and refused over the limit. That
also bounds the trailers behind a chunked body, and what stands between its chunks. A body, or the
reading of an answer, may take any time as long as it moves; one that stands still is cut off. When
the process is about to run out of descriptors, new connections are turned away at once.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress
from functools import cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from paddock.http import direct_bodies
from paddock.http.direct_bodies import DirectBody

MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 30.0  # a client has this long to send a request's head
STALLED_SECONDS = 120.0  # a body of which nothing arrives, or an answer of which nothing is read
_SPARE_DESCRIPTORS = 256  # for files, database connections and what else is not a client

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b'{"error":"The request\'s head is larger than 65536 bytes."}'


class BoundedHttpProtocol(HttpToolsProtocol):
    """Refuses heads that are too large (431), and cuts off clients that stand still."""

    _in_head = True
    _collected_bytes = 0  # since the last whole head or piece of a body
    _head_timer: asyncio.TimerHandle | None = None
    _body_timer: asyncio.TimerHandle | None = None
    _reader_timer: asyncio.TimerHandle | None = None
    _received_at = 0.0
    _direct_body: DirectBody | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _most_connections():
            transport.write(_FULL)
            transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        for timer in (self._body_timer, self._reader_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client reads too slowly for what waits to be sent."""
        super().pause_writing()
        self._reader_timer = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read some of it."""
        super().resume_writing()
        if self._reader_timer is not None:
            self._reader_timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._received_at = self.loop.time()
        self._collected_bytes += len(data)
        super().data_received(data)
        if self._collected_bytes > MAX_HEAD_BYTES:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        if self._head_timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._collected_bytes = 0
        self._stop_timer()
        head_bytes = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if head_bytes > MAX_HEAD_BYTES:
            self._refuse()
            return
        self._in_head = False
        super().on_headers_complete()
        self._await_body()
        self._offer_body()

    def on_body(self, body: bytes) -> None:
        self._collected_bytes = 0
        if self._direct_body is not None:
            self._direct_body.parsed(len(body))
        if self.cycle is not None and not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._collected_bytes = 0
        if self._body_timer is not None:
            self._body_timer.cancel()
        if self.cycle is not None and not self.transport.is_closing():
            super().on_message_complete()

    def _offer_body(self) -> None:
        """Let the request's handler, which has not begun, read a large body by itself."""
        size_bytes = direct_bodies.announced(self.headers)
        self._direct_body = None
        if size_bytes and self.scheme == "http" and self.transport.get_extra_info("socket"):
            self._direct_body = DirectBody(self, size_bytes, STALLED_SECONDS)
            direct_bodies.offer(self.scope, self._direct_body)

    def _await_body(self) -> None:
        """Look again when the body may have stood still for too long; we may be who is slow."""
        if self.flow.read_paused:
            self._received_at = self.loop.time()
        left = self._received_at + STALLED_SECONDS - self.loop.time()
        if left <= 0:
            self.transport.abort()
        else:
            self._body_timer = self.loop.call_later(left, self._await_body)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self) -> None:
        if self.transport.is_closing():
            return
        if not self._in_head:  # an answer may be on its way already
            self.transport.abort()
            return
        head = (
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(_TOO_LARGE)
        )
        self.transport.write(head + _TOO_LARGE)
        self.transport.close()


@cache
def _most_connections() -> int:
    return max(64, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE_DESCRIPTORS)


def allow_many_connections() -> None:
    """Let the process have as many descriptors as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with suppress(ValueError, OSError):  # macOS has a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def uvicorn_options() -> dict[str, Any]:
    """How the server is run, wherever it is run."""
    return {
        "http": BoundedHttpProtocol,
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "off",
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": 75,  # longer than clients' own idle limits, so they close first
        "timeout_graceful_shutdown": 30,
        "log_config": None,
    }
