"""The routes of these pages."""

from __future__ import annotations

from typing import Final

from paddock.web.viewer import table

ROUTERS: Final = (table.router,)
