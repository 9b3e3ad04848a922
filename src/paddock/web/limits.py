"""How many requests may be sent: fixed windows, separately for the API, files and pages.

Counts in memory, a process for itself. Who was known by a token or a session is counted as a person
with all of their credentials together, and each credential within that has a share of its own, so
that one program that runs wild leaves something to the others. Everybody else is counted by
address, of IPv6 by the network of a home: whoever sends a new wrong token each time, too. Where
strangers have used up an address, credentials that were not seen before have some tries of their
own to become known.
Every answer says how much is left, in the headers that the stock client waits by.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.hub.context import CALLER_KEY, RequestLimits
from paddock.hub.sessions.attempts import of_address
from paddock.hub.sessions.cookies import SESSION_COOKIE, session_secret
from paddock.hub.types import ANONYMOUS
from paddock.web.errors import error_response

WINDOW_SECONDS = 300
MAX_CALLERS = 50_000
_UNLIMITED = ("/healthz", "/livez", "/readyz", "/metrics", "/static/")
_OF_FILES = ("/resolve/", "/raw/", "/info/lfs", "/git-upload-pack", "/git-receive-pack")
_WIDE_BITS: Final = {4: 16, 6: 32}  # of an address, when there are too many to count each


class _Count(NamedTuple):
    """Of whom, what was sent, and how much may be."""

    used: int
    most: int

    @property
    def left(self) -> int:
        return self.most - self.used


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
        # Who was known by a credential, the one that was used last at the end.
        self._people: OrderedDict[str, int] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = _kind_of(scope["path"]) if scope["type"] == "http" else None
        most = getattr(self._limits, kind) if kind else 0
        if kind is None or most == 0:
            await self._app(scope, receive, send)
            return
        credential = _credential(scope)
        count = self._count(kind, most, credential, scope)
        headers = self._headers(kind, count)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
                if message["status"] == 401:
                    self._people.pop(credential, None)
            await send(message)

        if count.left < 0:
            sentence = "You have sent too many requests: the limit of this window is reached."
            await error_response(429, sentence)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)
        self._remember(credential, scope)

    def _count(self, kind: str, most: int, credential: str, scope: Scope) -> _Count:
        """The count that leaves least, of those that the request is counted in."""
        self._begin_window()
        person = self._people.get(credential)
        if person is None:
            place = self._place(kind, of_address(_address(scope)))
            used = self._add(place)
            if used <= most or not credential:
                return _Count(used, most)
            return _Count(self._add((kind, f"proving {place[1]}")), most // 10)
        within = most - most // 4  # of what their person may send
        own = _Count(self._add((kind, f"credential:{credential}")), within)
        if own.left < 0:
            return own  # what is refused takes nothing from the others
        return min(own, _Count(self._add((kind, f"person:{person}")), most), key=lambda c: c.left)

    def _place(self, kind: str, address: str) -> tuple[str, str]:
        place = (kind, f"address:{address}")
        if place in self._counts or len(self._counts) < MAX_CALLERS:
            return place
        return kind, f"addresses:{_wide(address)}"

    def _add(self, place: tuple[str, str]) -> int:
        self._counts[place] = used = self._counts.get(place, 0) + 1
        return used

    def _begin_window(self) -> None:
        window = int(self._now() // WINDOW_SECONDS)
        if window != self._window or len(self._counts) > 2 * MAX_CALLERS:
            self._window, self._counts = window, {}

    def _remember(self, credential: str, scope: Scope) -> None:
        account = scope.get(CALLER_KEY, ANONYMOUS).account
        if not credential or account is None:
            return
        self._people[credential] = account.id
        self._people.move_to_end(credential)
        if len(self._people) > MAX_CALLERS:
            self._people.popitem(last=False)

    def _headers(self, kind: str, count: _Count) -> dict[str, str]:
        left_seconds = math.ceil(WINDOW_SECONDS - self._now() % WINDOW_SECONDS)
        return {
            "RateLimit": f'"{kind}";r={max(count.left, 0)};t={left_seconds}',
            "RateLimit-Policy": f'"fixed window";"{kind}";q={count.most};w={WINDOW_SECONDS}',
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


def _credential(scope: Scope) -> str:
    """What stands for the token or the session of a request; nothing for a stranger."""
    headers = Headers(scope=scope)
    sent = headers.get("authorization", "")
    if not sent and SESSION_COOKIE in headers.get("cookie", ""):
        sent = session_secret(headers, "http://") or session_secret(headers, "https://")
    return hashlib.sha256(sent.encode("latin-1", "replace")).hexdigest() if sent else ""


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _wide(address: str) -> str:
    """The wider network of an address, of which there are few."""
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return "unknown"
    return str(network.supernet(new_prefix=_WIDE_BITS[network.version]))
