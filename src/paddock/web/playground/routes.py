"""The routes of these pages."""

from __future__ import annotations

from typing import Final

from paddock.web.playground import asking, page

ROUTERS: Final = (page.router, asking.router)
