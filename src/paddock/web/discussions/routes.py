"""The routes of these pages, in the order of matching: a word before a number."""

from __future__ import annotations

from typing import Final

from paddock.web.discussions import acting, changes, commenting, listing, opening, thread

ROUTERS: Final = (
    listing.router,
    opening.router,
    commenting.router,
    acting.router,
    changes.router,
    thread.router,
)
