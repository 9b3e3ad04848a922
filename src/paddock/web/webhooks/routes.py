"""The routes of these pages, in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.webhooks import listing, one

ROUTERS: Final = (listing.router, one.router)
