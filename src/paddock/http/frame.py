"""What every request gets, whatever it asks for: an id, bounds on its body, figures, a log line.

One plain ASGI layer around limits and routing. Knows nothing of what is asked, nor how a failure is
told: handlers put into the scope what they want of it for one request.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.http.bodies import BodyMemory, BoundedBody
from paddock.log import get_logger

REQUEST_ID_KEY: Final = "paddock.request_id"  # in the scope
HEADERS_KEY: Final = "paddock.headers"  # in the scope: what the answer says besides, or its refusal

# When a counter began would be a second series for each.
disable_created_metrics()  # type: ignore[no-untyped-call]

_HONEST_ID = re.compile(r"[A-Za-z0-9=;:._-]{1,128}")
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Figures:
    """An application's requests as Prometheus counts them; one for each name in a process."""

    def __init__(self, name: str) -> None:
        by_route = ["method", "route"]
        self.requests = Counter(
            f"{name}_requests_total", "Requests answered.", [*by_route, "status"]
        )
        self.seconds = Histogram(
            f"{name}_request_seconds", "Time to the end of the answer.", by_route
        )
        self.in_flight = Gauge(f"{name}_requests_in_flight", "Requests being answered.")


@dataclass(frozen=True, slots=True)
class Framing:
    """What one application wants of its frame."""

    room: str  # whose log lines they are
    figures: Figures
    body_bytes: int  # at most, unless a handler takes more
    memory: BodyMemory | None = None  # of all bodies at once; None: they are not kept in memory
    id_prefix: str = ""  # of the ids that we make


class Frame:
    """The application in its frame; see the module."""

    def __init__(self, app: ASGIApp, framing: Framing) -> None:
        self._app, self._framing = app, framing
        self._log = get_logger(framing.room)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = BoundedBody(scope, receive, self._framing.body_bytes, self._framing.memory)
        request_id = scope[REQUEST_ID_KEY] = _request_id(scope, self._framing.id_prefix)
        answer = _Answer(scope, send)
        started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            with self._framing.figures.in_flight.track_inprogress():
                await self._app(scope, body.receive, answer.send)
        except Exception:
            self._log.exception("a request failed", method=scope["method"], path=scope["path"])
            if not answer.is_whole:
                raise  # half an answer: the server closes the connection
        finally:
            body.forget()
            self._record(scope, answer.status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._framing.figures.requests.labels(method, route, status).inc()
        self._framing.figures.seconds.labels(method, route).observe(seconds)
        milliseconds = round(seconds * 1000, 1)
        self._log.debug(
            "answered a request",
            method=method,
            route=route,
            status=status,
            milliseconds=milliseconds,
        )


class _Answer:
    """One request's answer, as it passes through the frame."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.status = 0
        self.is_whole = False

    async def send(self, message: Message) -> None:
        is_start = message["type"] == "http.response.start"
        if is_start:
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope[REQUEST_ID_KEY]
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.update(self._scope.get(HEADERS_KEY, {}))
        await self._send(message)
        if not is_start and not message.get("more_body", False):
            self.is_whole = True


def _request_id(scope: Scope, prefix: str) -> str:
    """The client's own id where it sent one, so that both sides' logs can be laid together."""
    headers = Headers(scope=scope)
    for name in ("x-request-id", "x-amzn-trace-id"):
        if _HONEST_ID.fullmatch(sent := headers.get(name, "")):
            return sent
    return prefix + secrets.token_hex(12)
