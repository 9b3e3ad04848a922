"""HTTP/1.1 as uvicorn parses it, with a bound on the request's head.

httptools collects a header until it is complete, however long it is; what arrives is therefore
counted until it turns out to be a whole head or a piece of a body, and refused over the limit. That
also bounds the trailers behind a chunked body, and what stands between its chunks.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 60.0  # a client has this long to send a request's head

_TOO_LARGE = b'{"error":"The request\'s head is larger than 65536 bytes."}'


class BoundedHttpProtocol(HttpToolsProtocol):
    """Refuses heads that are too large (431) and connections that never finish one."""

    _in_head = True
    _collected_bytes = 0  # since the last whole head or piece of a body
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
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

    def on_body(self, body: bytes) -> None:
        self._collected_bytes = 0
        if self.cycle is not None and not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._collected_bytes = 0
        if self.cycle is not None and not self.transport.is_closing():
            super().on_message_complete()

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
