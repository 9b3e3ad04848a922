"""The route that answers is the one that would be found by asking each in turn."""

from __future__ import annotations

from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Match
from starlette.types import Scope

from paddock.http.switchboard import Switchboard
from paddock.web.app import _routers

_ROUTES = [route for each in _routers() for route in each.routes if isinstance(route, APIRoute)]
_BOARD = Switchboard(_ROUTES)
_WORDS = sorted({word for route in _ROUTES for word in route.path.split("/") if "{" not in word})
_SEGMENTS = st.sampled_from([*_WORDS, "models", "datasets", "a", "%2F", "a\n", "refs", "pr"])
_PATHS = st.lists(_SEGMENTS, max_size=8).map(lambda parts: "/" + "/".join(parts))
_METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])


@given(_METHODS, _PATHS)
@settings(max_examples=500, deadline=None)
def test_a_board_finds_what_asking_one_by_one_finds(method: str, path: str) -> None:
    scope: Scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    assert _BOARD.matches(scope) == _one_by_one(scope)


def test_every_route_of_the_hub_is_found_by_an_address_of_its_own() -> None:
    for route in _ROUTES:
        path = route.path_format.replace("{kind}", "models" if "/api/" in route.path else "")
        scope: Scope = {
            "type": "http",
            "method": min(route.methods or {"GET"}),
            "path": path.replace("{", "").replace("}", ""),
            "root_path": "",
        }
        match, found = _BOARD.matches(scope)
        assert (match, found) == _one_by_one(scope)


def _one_by_one(scope: Scope) -> tuple[Match, Scope]:
    partly: tuple[Match, Scope] = (Match.NONE, {})
    for route in _ROUTES:
        match, found = route.matches(scope)
        if match is Match.FULL:
            return match, found
        if match is Match.PARTIAL and partly[0] is Match.NONE:
            partly = (match, found)
    return partly
