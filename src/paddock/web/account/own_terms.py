"""The page of the terms that a person accepted, wherever they did, with the words."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.gates import acceptances
from paddock.hub.paging import Part
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.page_routes import page_router

router = page_router()

PAGE = "/settings/access/terms"
_ON_A_PAGE = 50


@router.get(PAGE)
def listed(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The latest first."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        page = acceptances.list_own(conn, visitor.caller, Part(_ON_A_PAGE, after))
        words = acceptances.accepted_words(conn, page.items)
    return visitor.show(
        "account/own_terms.html",
        acceptances=page.items,
        words=words,
        next=page.next_cursor and f"{PAGE}?after={page.next_cursor}",
    )
