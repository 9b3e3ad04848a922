"""All routes of organisations, in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.organisations import making, members, mine, settings

ROUTERS: Final = (mine.router, making.router, settings.router, members.router)
