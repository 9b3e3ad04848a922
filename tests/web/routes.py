"""Every route of the application: its methods, its pattern, and which module answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi.routing import APIRoute

from paddock.web.app import _routers


class Route(NamedTuple):
    """One method at one pattern; the pattern is without the kinds of its parameters."""

    method: str
    path: str  # "/{kind}{namespace}/{name}/tree/{rev}"
    raw: str  # the same as it is written: "{rev:revision}"
    module: str

    @property
    def is_page(self) -> bool:
        """Whether a person's browser asks for it, not a program."""
        return self.module.startswith("paddock.web.") and not self.path.startswith("/api/")

    @property
    def has_repository(self) -> bool:
        return "{namespace}/{name}" in self.path


def every_route() -> list[Route]:
    """All of them, in order of path and method, without ``HEAD`` where there is ``GET``."""
    found = {
        Route(method, re.sub(r":\w+}", "}", route.path), route.path, route.endpoint.__module__)
        for router in _routers()
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    got = {route.path for route in found if route.method == "GET"}
    kept = [route for route in found if route.method != "HEAD" or route.path not in got]
    return sorted(kept, key=lambda route: (route.path, route.method, route.module))


def every_endpoint() -> Iterator[tuple[set[str], str, Any]]:
    """Methods, pattern and handler of each route."""
    for router in _routers():
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield route.methods, route.path, route.endpoint
