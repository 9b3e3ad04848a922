"""The routes of these pages."""

from __future__ import annotations

from typing import Final

from paddock.web.social import following, inbox, likes

# Before, and among, the addresses that begin with a repository's name.
ROUTERS: Final = (inbox.router, following.router, likes.router)
