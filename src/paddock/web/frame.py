"""What every request gets, whatever it asks for: an id, a bound on its body, a line in the log.

One plain ASGI layer inside the sending path and outside routing. It also hands routing the path as
it was written on the wire: handlers decode their own segments, so ``%2F`` inside a revision or a
file name survives (``hub.api.paths``).
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.hub.context import BODY_LIMIT_KEY
from paddock.log import get_logger
from paddock.web.errors import REQUEST_ID_KEY

log = get_logger("web")

# A handler that takes more says so (``hub.context.accept_body``). JSON is parsed without a pause,
# and a few bytes of it can become an object of sixty: the worst of this size takes half a second.
DEFAULT_BODY_BYTES = 4 * 1024 * 1024

_HONEST_ID = re.compile(r"[A-Za-z0-9=;:._-]{1,128}")

_requests = Counter(
    "paddock_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
_seconds = Histogram(
    "paddock_http_request_seconds", "Time to the end of the answer.", ["method", "route"]
)
_in_flight = Gauge("paddock_http_requests_in_flight", "Requests being answered.")


class Frame:
    """Outermost layer but one; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        try:
            with _in_flight.track_inprogress():
                await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            log.exception("a request failed", method=scope["method"], path=scope["path"])
            if not exchange.is_answered:
                raise  # half an answer: the server closes the connection
        finally:
            exchange.record()
            structlog.contextvars.unbind_contextvars("request_id")


class _Exchange:
    """One request and its answer, as they pass through the frame."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        scope["path"] = scope["raw_path"].decode("latin-1")
        self._scope, self._receive, self._send = scope, receive, send
        self._announced_bytes = headers.get("content-length")
        self._received_bytes = 0
        self._started = time.perf_counter()
        self.request_id = scope[REQUEST_ID_KEY] = _request_id(headers)
        self.status = 0
        self.is_answered = False

    async def receive(self) -> Message:
        limit: int | None = self._scope.get(BODY_LIMIT_KEY, DEFAULT_BODY_BYTES)
        if limit is not None and self._announced_bytes and int(self._announced_bytes) > limit:
            raise _too_large(limit)
        message = await self._receive()
        self._received_bytes += len(message.get("body", b""))
        if limit is not None and self._received_bytes > limit:
            raise _too_large(limit)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-Id"] = self.request_id
            MutableHeaders(scope=message).setdefault("X-Content-Type-Options", "nosniff")
        await self._send(message)
        if message["type"] != "http.response.start" and not message.get("more_body", False):
            self.is_answered = True

    def record(self) -> None:
        route = getattr(self._scope.get("route"), "path", "none")
        method, seconds = self._scope["method"], time.perf_counter() - self._started
        _requests.labels(method, route, self.status).inc()
        _seconds.labels(method, route).observe(seconds)
        fields: dict[str, Any] = {"route": route, "status": self.status}
        log.debug(
            "answered a request", method=method, milliseconds=round(seconds * 1000, 1), **fields
        )


def _too_large(limit_bytes: int) -> HTTPException:
    """Starlette's own class: FastAPI passes it on from inside its body parsing, and no other."""
    detail = f"The body is larger than {limit_bytes} bytes, the limit here."
    return HTTPException(413, detail, headers={"Connection": "close"})


def _request_id(headers: Headers) -> str:
    """The client's own id where it sent one, so that both sides' logs can be laid together."""
    for name in ("x-request-id", "x-amzn-trace-id"):
        if _HONEST_ID.fullmatch(sent := headers.get(name, "")):
            return sent
    return secrets.token_hex(12)
