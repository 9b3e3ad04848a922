"""What was done to a repository, for those who own it: the audit log's entries of it alone.

Addresses are not told: where somebody sits is the administrators' business.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response

from paddock.hub.audit_log import reading
from paddock.hub.audit_log.reading import Filters
from paddock.hub.context import HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.paging import Part
from paddock.hub.types import Need
from paddock.web.access.requests import PAGE
from paddock.web.administration.entries import acts, in_words
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

_ON_A_PAGE = 100
_HIDDEN = ("address", "way")


@router.get(PAGE + "/log")
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    act: Annotated[str, Query(max_length=40)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The latest first."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "access", Need.OWN)
        filters = Filters(act or None, repo_id=shell.repo.id)
        page = reading.list_entries(conn, filters, Part(_ON_A_PAGE, after))
    following = {"act": act, "after": page.next_cursor or ""}
    return visitor.show(
        "administration/of_repository.html",
        shell=shell,
        entries=in_words(page.items, _HIDDEN),
        acts=acts(),
        act=act,
        next=page.next_cursor and "?" + urlencode({k: v for k, v in following.items() if v}),
    )
