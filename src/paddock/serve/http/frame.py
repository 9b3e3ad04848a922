"""What every request gets, whatever it asks for: an id, a bound on its body, what is left to it.

One plain ASGI layer around routing. Counts nothing of tokens: ``serve.metered`` does.
"""

from __future__ import annotations

import re
import secrets
import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.log import get_logger
from paddock.serve.http.errors import REQUEST_ID_KEY

log = get_logger("serve")

MAX_BODY_BYTES = 10 * 1024 * 1024
LEFT_KEY = "paddock.left"  # in the scope: headers that say how much the caller may still ask for

_HONEST_ID = re.compile(r"[A-Za-z0-9=;:._-]{1,128}")
_requests = Counter(
    "paddock_serve_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
_seconds = Histogram(
    "paddock_serve_http_request_seconds", "Time to the end of the answer.", ["method", "route"]
)


class Frame:
    """Outermost layer; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        try:
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
        self._scope, self._receive, self._send = scope, receive, send
        announced = headers.get("content-length", "")
        self._announced_bytes = int(announced) if announced.isdecimal() else 0
        self._received_bytes = 0
        self._started = time.perf_counter()
        self._status = 0
        sent = headers.get("x-request-id", "")
        self.request_id = sent if _HONEST_ID.fullmatch(sent) else f"req_{secrets.token_hex(12)}"
        scope[REQUEST_ID_KEY] = self.request_id
        self.is_answered = False

    async def receive(self) -> Message:
        if self._announced_bytes > MAX_BODY_BYTES:
            raise _too_large()
        message = await self._receive()
        self._received_bytes += len(message.get("body", b""))
        if self._received_bytes > MAX_BODY_BYTES:
            raise _too_large()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.update(self._scope.get(LEFT_KEY, {}))
        await self._send(message)
        if message["type"] != "http.response.start" and not message.get("more_body", False):
            self.is_answered = True

    def record(self) -> None:
        route = getattr(self._scope.get("route"), "path", "none")
        method, seconds = self._scope["method"], time.perf_counter() - self._started
        known = method if method in {"GET", "POST", "HEAD", "OPTIONS", "DELETE"} else "other"
        _requests.labels(known, route, self._status).inc()
        _seconds.labels(known, route).observe(seconds)


def _too_large() -> HTTPException:
    """Starlette's own class: FastAPI passes it on from inside its body parsing, and no other."""
    detail = f"the body is larger than {MAX_BODY_BYTES} bytes, the limit here"
    return HTTPException(413, detail, headers={"Connection": "close"})
