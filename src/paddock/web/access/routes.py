"""All routes of access, in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.access import asking, downloads, inviting, requests

ROUTERS: Final = (asking.router, requests.router, inviting.router, downloads.router)
