"""The routes of a repository's first page and of the tabs about its release."""

from __future__ import annotations

from typing import Final

from paddock.web.ancestry import page as ancestry
from paddock.web.audit import page as audit
from paddock.web.released import page as released
from paddock.web.repository import card

ROUTERS: Final = (released.router, audit.router, ancestry.router, card.router)
