"""A repository is put into a collection from its own page: into one that is there, or a new one."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, shown
from paddock.hub.collections import collections, items
from paddock.hub.collections.collections import Collection
from paddock.hub.collections.listing import MAX_CONDITIONS, Listing, list_collections
from paddock.hub.collections.reach import may_change
from paddock.hub.context import Hub, HubDep
from paddock.hub.errors import AlreadyExists
from paddock.hub.paging import Part
from paddock.hub.types import Kind, Repository
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.collections.editing import owners_for, parse_repository
from paddock.web.collections.one import path_of
from paddock.web.forms import Text
from paddock.web.page_routes import page_router

router = page_router()

_MOST_OFFERED = 100


@router.get("/collections/add")
def offer(request: Request, hub: HubDep, visitor: VisitorDep, repo: str = "") -> Response:
    """The visitor's collections, for one of which it is meant."""
    if visitor.session is None:
        return to_sign_in(request)
    return _offer(hub, visitor, repo, None)


@router.post("/collections/add")
def add(
    hub: HubDep,
    visitor: VisitorDep,
    form_key: Text = "",
    repo: Text = "",
    slug: Text = "",
    note: Text = "",
) -> Response:
    """Put it at the end of a collection."""
    visitor.check_form(form_key)
    visitor.require_user()
    try:
        with hub.database.write() as conn:
            found = collections.open_to_change(conn, visitor.caller, slug)
            items.add_item(conn, visitor.caller, found, *parse_repository(repo), note)
    except (BadInput, AlreadyExists) as e:
        return _offer(hub, visitor, repo, e)
    return RedirectResponse(path_of(found), 303)


def _offer(
    hub: Hub, visitor: Visitor, repo: str, error: BadInput | AlreadyExists | None
) -> Response:
    with hub.database.read() as conn:
        wanted = _find(conn, visitor, repo)
        offered = _own_collections(conn, visitor)
        key = f"{wanted.kind}s/{wanted.full_name}"
        holding = Listing(items=(key,), owners=tuple({one.owner.name for one in offered})[:10])
        page = list_collections(conn, visitor.caller, holding, Part(_MOST_OFFERED))
        held = {one.id for one in page.items} if offered else set()
    return visitor.show(
        "collections/add.html",
        error.status if error else 200,
        repo=wanted,
        value=f"{wanted.kind}/{wanted.full_name}",
        collections=[(one, one.id in held) for one in offered],
        problem=error.message if error else None,
    )


def _find(conn: sa.Connection, visitor: Visitor, text: str) -> Repository:
    kind, full_name = parse_repository(text)
    if kind not in {str(one) for one in Kind}:
        raise BadInput(f"{shown(text)} names no repository", hint="write KIND/namespace/name")
    return items.find_repository(conn, visitor.caller, Kind(kind), full_name)


def _own_collections(conn: sa.Connection, visitor: Visitor) -> list[Collection]:
    """Those that the visitor may change, the last changed first."""
    user = visitor.require_user()
    owners = tuple(owner.name for owner in owners_for(conn, visitor, user))[:MAX_CONDITIONS]
    asked = Listing(owners=owners, sort="lastModified")
    found = list_collections(conn, visitor.caller, asked, Part(_MOST_OFFERED)).items
    return [one for one in found if may_change(conn, visitor.caller, one.owner, one.creator_id)]
