"""The routes of these pages, in the order of matching: words before addresses of collections."""

from __future__ import annotations

from typing import Final

from paddock.web.collections import adding, editing, items, listing, one

ROUTERS: Final = (listing.router, adding.router, editing.router, items.router, one.router)
