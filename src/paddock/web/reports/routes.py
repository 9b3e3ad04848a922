"""The routes of these pages, in the order of matching: a word before an id."""

from __future__ import annotations

from typing import Final

from paddock.web.reports import (
    advisories,
    case_page,
    deciding,
    feed,
    filing,
    listing,
    own,
    page,
    replay_routes,
)

FIRST: Final = (replay_routes.api_router,)  # before the API's own routes for old addresses
OWN: Final = (own.router,)
ROUTERS: Final = (
    listing.router,
    filing.router,
    replay_routes.router,
    case_page.router,
    deciding.router,
    page.router,
    feed.router,
    advisories.router,
)
