"""How many requests one caller may send: fixed windows, separately for the API, files and pages.

Counts in memory, a process for itself. A caller is a token that was good before, or else an
address: whoever sends a new wrong token each time is counted by where they send it from. Every
answer says how much is left, in the headers that the stock client waits by.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.hub.context import CALLER_KEY, RequestLimits
from paddock.web.errors import error_response

WINDOW_SECONDS = 300
MAX_CALLERS = 50_000
_UNLIMITED = ("/healthz", "/livez", "/readyz", "/metrics", "/static/")
_OF_FILES = ("/resolve/", "/raw/", "/info/lfs", "/git-upload-pack", "/git-receive-pack")


class RateLimits:
    """A layer around the application; see the module."""

    def __init__(
        self,
        app: ASGIApp,
        limits: RequestLimits,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._limits, self._now = app, limits, now
        self._window = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._good_tokens: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = _kind_of(scope["path"]) if scope["type"] == "http" else None
        most = getattr(self._limits, kind) if kind else 0
        if kind is None or most == 0:
            await self._app(scope, receive, send)
            return
        digest = _token_digest(scope)
        caller = self._caller(scope, digest)
        used = self._count(kind, caller)
        headers = self._headers(kind, most, used)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        if used > most:
            sentence = "You have sent too many requests: the limit of this window is reached."
            await error_response(429, sentence)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)
        known = scope.get(CALLER_KEY)
        if digest and known is not None and len(self._good_tokens) < MAX_CALLERS:
            self._good_tokens.add(digest)

    def _caller(self, scope: Scope, digest: str) -> str:
        if digest and digest in self._good_tokens:
            return f"token:{digest}"
        client = scope.get("client")
        return f"address:{client[0] if client else 'unknown'}"

    def _count(self, kind: str, caller: str) -> int:
        window = int(self._now() // WINDOW_SECONDS)
        if window != self._window or len(self._counts) > MAX_CALLERS:
            self._window, self._counts = window, {}
            self._good_tokens = set()
        place = (kind, caller)
        self._counts[place] = used = self._counts.get(place, 0) + 1
        return used

    def _headers(self, kind: str, most: int, used: int) -> dict[str, str]:
        left_seconds = math.ceil(WINDOW_SECONDS - self._now() % WINDOW_SECONDS)
        return {
            "RateLimit": f'"{kind}";r={max(most - used, 0)};t={left_seconds}',
            "RateLimit-Policy": f'"fixed window";"{kind}";q={most};w={WINDOW_SECONDS}',
        }


def _kind_of(path: str) -> str | None:
    """Which of the limits counts a request; None for what is always answered."""
    if path.startswith(_UNLIMITED):
        return None
    if path.startswith(("/api/", "/oauth/token", "/oauth/device")):
        return "api"
    if path.startswith(("/xet/", "/lfs/")) or any(part in path for part in _OF_FILES):
        return "resolvers"
    return "pages"


def _token_digest(scope: Scope) -> str:
    sent = Headers(scope=scope).get("authorization", "")
    return hashlib.sha256(sent.encode("latin-1", "replace")).hexdigest() if sent else ""
