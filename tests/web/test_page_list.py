"""The list of pages is the application's."""

from __future__ import annotations

from tests.web.page_list import NO_PAGES, PAGES
from tests.web.routes import every_route


def test_every_page_of_the_application_is_in_the_list_and_nothing_else() -> None:
    routes = {route.path for route in every_route() if route.is_page and route.method == "GET"}
    listed = PAGES.keys() | NO_PAGES.keys()
    assert sorted(routes - listed) == []
    assert sorted(listed - routes) == []
