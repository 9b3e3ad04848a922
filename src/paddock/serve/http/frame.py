"""What every request gets, whatever it asks for: an id, a bound on its body, what is left to it.

One plain ASGI layer around routing. Counts nothing of tokens: ``serve.metered`` does. Bodies are
bounded one by one and all together, so that a crowd of slow senders takes no more memory than one
may; what is small is never refused for what others send.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from contextlib import suppress

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.log import get_logger
from paddock.serve.http.errors import REQUEST_ID_KEY, RETRY_AFTER_SECONDS

log = get_logger("serve")

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_BODIES_BYTES = 512 * 1024 * 1024  # of all requests in hand, without the first of each
OWN_BYTES = 64 * 1024  # the first bytes of a body, which count for nothing
# A client that sends too much reads our answer only once it has sent all of it.
LINGER_BYTES = 64 * 1024 * 1024
LINGER_SECONDS = 5.0
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
        self._bodies = _Bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._bodies)
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


class _Bodies:
    """How many bytes of large bodies are in memory."""

    def __init__(self) -> None:
        self._bytes = 0

    def grow(self, before: int, now: int) -> None:
        """One body has grown; refused where all together are too large."""
        more = max(0, now - OWN_BYTES) - max(0, before - OWN_BYTES)
        if more and self._bytes + more > MAX_BODIES_BYTES:
            raise HTTPException(
                503,
                "other large requests leave no memory for this one",
                headers={"Connection": "close", "Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        self._bytes += more

    def forget(self, size_bytes: int) -> None:
        self._bytes -= max(0, size_bytes - OWN_BYTES)


class _Exchange:
    """One request and its answer, as they pass through the frame."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, bodies: _Bodies) -> None:
        headers = Headers(scope=scope)
        self._bodies = bodies
        self._may_linger = "expect" not in headers  # who asks first reads the answer first
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
            await self._linger()
            raise _too_large()
        message = await self._receive()
        received = self._received_bytes + len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            await self._linger()
            raise _too_large()
        self._bodies.grow(self._received_bytes, received)
        self._received_bytes = received
        return message

    async def _linger(self) -> None:
        """Read on and forget it, for a while, so that our answer is not lost in a reset."""
        if not self._may_linger or self._announced_bytes > LINGER_BYTES:
            return
        forgotten = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while forgotten < LINGER_BYTES:
                    message = await self._receive()
                    if not message.get("more_body", False):
                        return
                    forgotten += len(message["body"])

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
        self._bodies.forget(self._received_bytes)
        route = getattr(self._scope.get("route"), "path", "none")
        method, seconds = self._scope["method"], time.perf_counter() - self._started
        known = method if method in {"GET", "POST", "HEAD", "OPTIONS", "DELETE"} else "other"
        _requests.labels(known, route, self._status).inc()
        _seconds.labels(known, route).observe(seconds)


def _too_large() -> HTTPException:
    """Starlette's own class: FastAPI passes it on from inside its body parsing, and no other."""
    detail = f"the body is larger than {MAX_BODY_BYTES} bytes, the limit here"
    return HTTPException(413, detail, headers={"Connection": "close"})
