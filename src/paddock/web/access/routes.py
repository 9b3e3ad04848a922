"""All routes of access, in the order of matching."""

from __future__ import annotations

from typing import Final

from paddock.web.access import asking, downloads, inviting, requests, rules, terms

ROUTERS: Final = (
    asking.router,
    requests.router,
    inviting.router,
    rules.router,
    terms.router,
    downloads.router,
)
