"""Finds the route of a request by one regular expression for all addresses.

Asked one by one, hundreds of routes take a millisecond for each request. Which route answers is the
same: the first that has the address and the method, else the first that has the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_NAMED = re.compile(r"\(\?P<\w+>")


class Switchboard(BaseRoute):
    """Routes, matched in order, of an application that is mounted nowhere."""

    def __init__(self, routes: Sequence[APIRoute]) -> None:
        self.routes = routes
        self._addresses = _one_of(range(len(routes)), routes)
        of_method: dict[str, list[int]] = {}
        for number, route in enumerate(routes):
            for method in route.methods or ():
                of_method.setdefault(method, []).append(number)
        self._of_method = {m: _one_of(numbers, routes) for m, numbers in of_method.items()}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """How well the best route fits; its ``handle`` is called by this one's."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        found = None
        if (pattern := self._of_method.get(scope["method"])) is not None:
            found = pattern.match(path)
        if found is None:
            found = self._addresses.match(path)
        if found is None:
            return Match.NONE, {}
        return self.routes[int((found.lastgroup or "")[1:])].matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """By the route that was found."""
        await scope["route"].handle(scope, receive, send)


def _one_of(numbers: Iterable[int], routes: Sequence[APIRoute]) -> re.Pattern[str]:
    """An expression whose last group names the first of these routes that has the address."""
    # Names of segments stand in many routes, and each name may be in an expression only once.
    patterns = ((n, _NAMED.sub("(?:", routes[n].path_regex.pattern)) for n in numbers)
    return re.compile("|".join(f"(?P<_{n}>{pattern})" for n, pattern in patterns))
