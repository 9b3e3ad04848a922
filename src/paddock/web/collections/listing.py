"""Which collections there are: searched by title, in an order, of one owner, in pages."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response

from paddock.hub.collections import items
from paddock.hub.collections.listing import MAX_SEARCH_CHARS, Listing, list_collections
from paddock.hub.context import HubDep
from paddock.hub.paging import MAX_CURSOR_CHARS, Part
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = 24
_ITEMS_SHOWN = 3
_MAX_OWNER_CHARS = 100
SORTS = {"lastModified": "Last changed", "trending": "Trending", "upvotes": "Most upvotes"}


@router.get("/collections")
def show_list(
    hub: HubDep,
    visitor: VisitorDep,
    q: str = "",
    sort: str = "",
    owner: str = "",
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR_CHARS)] = None,
) -> Response:
    """Everything that the visitor may see."""
    q, owner = q.strip()[:MAX_SEARCH_CHARS], owner.strip()[:_MAX_OWNER_CHARS]
    sort = sort if sort in SORTS else "lastModified"
    asked = Listing(owners=(owner,) if owner else (), search=q or None, sort=sort)
    with hub.database.read() as conn:
        found = list_collections(conn, visitor.caller, asked, Part(_PAGE, cursor))
        contents = items.contents_of(conn, visitor.caller, found.items, most=_ITEMS_SHOWN)
    usual = {"q": "", "sort": "lastModified", "owner": ""}
    query = {"q": q, "sort": sort, "owner": owner}
    kept = urlencode({k: v for k, v in query.items() if v != usual[k]})
    first = "/collections" + (f"?{kept}" if kept else "")
    joined = "&" if kept else "?"
    following = f"{first}{joined}{urlencode({'cursor': found.next_cursor})}"
    return visitor.show(
        "collections/list.html",
        collections=[(one, contents[one.id]) for one in found.items],
        words=q,
        sort=sort,
        sorts=SORTS,
        owner=owner,
        is_filtered=bool(q or owner),
        first=first if cursor is not None else None,
        following=following if found.next_cursor else None,
    )
