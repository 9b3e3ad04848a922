"""The page of the access that a person asked for or was given, wherever they did."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.hub.collaborators.shared import list_shared
from paddock.hub.context import HubDep
from paddock.hub.gates.own import list_own
from paddock.hub.paging import Part
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.forms import Done, said
from paddock.web.page_routes import page_router

router = page_router()

PAGE = "/settings/access"
_ON_A_PAGE = 50
_MOST_SHARED = 500  # the others are found in lists
_SENTENCES = {
    "withdrawn": "The request is withdrawn.",
    "left": "You have no role of your own there any more.",
}
# How somebody stands, in a word and its colour.
WORDS: Final = {
    "pending": ("waiting", "doubtful"),
    "accepted": ("let in", ""),
    "rejected": ("rejected", "bad"),
    "reset": ("taken back", "quiet"),
    "expired": ("ended", "bad"),
}


@router.get(PAGE)
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
        shared = list_shared(conn, visitor.caller, Part(_MOST_SHARED)) if after is None else None
    following = page.next_cursor and f"{PAGE}?{urlencode({'after': page.next_cursor})}"
    return visitor.show(
        "account/own_access.html",
        requests=page.items,
        shared=shared.items if shared else [],
        words=WORDS,
        next=following,
        done=said(_SENTENCES, done),
    )
