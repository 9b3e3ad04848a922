"""The page of the access that a person asked for, wherever they did."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.gates.own import list_own
from paddock.hub.paging import Part
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.forms import Done, said
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/access"
_ON_A_PAGE = 50
_SENTENCES = {"withdrawn": "The request is withdrawn."}
# How somebody stands, in a word and its colour.
WORDS: Final = {
    "pending": ("waiting", "doubtful"),
    "accepted": ("let in", ""),
    "rejected": ("rejected", "bad"),
    "reset": ("taken back", "quiet"),
    "expired": ("ended", "bad"),
}


@router.get(_PAGE)
def listed(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    after: Annotated[str | None, Query(max_length=400)] = None,
    done: Done = "",
) -> Response:
    """The latest first."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        page = list_own(conn, visitor.caller, Part(_ON_A_PAGE, after))
    following = page.next_cursor and f"{_PAGE}?{urlencode({'after': page.next_cursor})}"
    return visitor.show(
        "account/own_access.html",
        requests=page.items,
        words=WORDS,
        next=following,
        done=said(_SENTENCES, done),
    )
