"""Lists of models, datasets and spaces: narrowed, sorted, one page after another."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput
from paddock.hub.catalogue.facets import Choices, choices_of
from paddock.hub.catalogue.listing import list_repositories
from paddock.hub.context import HubDep
from paddock.hub.http.paths import KindInPath
from paddock.web.browser import VisitorDep
from paddock.web.lists.asked import ALL, PAGE, Asked, read_address
from paddock.web.lists.rows import row_of
from paddock.web.lists.sides import chips_of, orders_of, sides_of
from paddock.web.page_routes import page_router

router = page_router()


@router.get("/{kind:kind}")
def list_of(request: Request, hub: HubDep, visitor: VisitorDep, kind: KindInPath) -> Response:
    """One page of a list."""
    is_user = visitor.user is not None
    asked = read_address(kind, request.query_params, may_see_private=is_user)
    try:
        with hub.database.read() as conn:
            page = list_repositories(conn, visitor.caller, asked.listing())
    except BadInput:  # a cursor of another list, or a value that no list can have
        if asked.cursor is None:
            raise
        return RedirectResponse(replace(asked, cursor=None).address(), 303)
    choices = choices_of(hub.database, kind)
    opened = request.query_params.get(ALL, "")
    return visitor.show(
        "lists/list.html",
        asked=asked,
        rows=[row_of(repo) for repo in page.items],
        sides=sides_of(asked, choices, opened, may_see_private=is_user),
        chips=chips_of(asked),
        orders=orders_of(asked),
        total=_total(asked, choices, len(page.items), is_all=page.next_cursor is None),
        first=replace(asked, cursor=None).address() if asked.cursor else None,
        following=replace(asked, cursor=page.next_cursor).address() if page.next_cursor else None,
        is_cut=page.next_cursor is not None and len(page.items) < PAGE,
    )


def _total(asked: Asked, choices: Choices, here: int, *, is_all: bool) -> str:
    """How many there are: exactly where all are here, else as last counted, else at least."""
    filters = asked.filters
    if is_all and asked.cursor is None:
        return f"{here:,}"
    counted = None
    if not filters and not asked.text:
        counted = choices.total
    elif len(filters) == 1 and not asked.text:
        known = choices.by_facet.get(filters[0].key, [])
        counted = next((c.repositories for c in known if c.value == filters[0].value), None)
    if counted is not None and counted >= here:
        return f"about {counted:,}"
    return f"{here:,}+" if asked.cursor is None else ""
