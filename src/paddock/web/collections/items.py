"""What is in a collection: added by name, moved by buttons or by dragging, noted, removed.

Reads forms; positions count among the items that the visitor sees (``hub.collections.items``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import sqlalchemy as sa
from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, NotFound
from paddock.hub.collections import collections, items
from paddock.hub.collections.collections import Collection
from paddock.hub.context import Hub, HubDep
from paddock.hub.errors import AlreadyExists
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.collections.editing import parse_repository
from paddock.web.collections.one import ONE, Problem, path_of, show_collection
from paddock.web.forms import Text
from paddock.web.page_routes import page_router

router = page_router()

_ITEM = ONE + "/items/{item_id:segment}"


@router.post(ONE + "/items")
def add(
    hub: HubDep,
    visitor: VisitorDep,
    slug: str,
    form_key: Text = "",
    kind: Text = "model",
    name: Text = "",
    note: Text = "",
) -> Response:
    """Put a repository, or another collection, at the end."""

    def change(conn: sa.Connection, found: Collection) -> None:
        wanted = name.strip().removeprefix("/").removeprefix("collections/")
        items.add_item(conn, visitor.caller, found, *parse_repository(f"{kind}/{wanted}"), note)

    return _change(hub, visitor, slug, form_key, change)


@router.post(_ITEM + "/move")
def move(
    hub: HubDep,
    visitor: VisitorDep,
    slug: str,
    item_id: str,
    form_key: Text = "",
    position: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Put it at another place."""

    def change(conn: sa.Connection, found: Collection) -> None:
        items.change_item(conn, visitor.caller, found, item_id, position=position)

    return _change(hub, visitor, slug, form_key, change, item_id)


@router.post(_ITEM + "/note")
def note(
    hub: HubDep,
    visitor: VisitorDep,
    slug: str,
    item_id: str,
    form_key: Text = "",
    note: Text = "",
) -> Response:
    """Say something else of it, or nothing."""

    def change(conn: sa.Connection, found: Collection) -> None:
        items.change_item(conn, visitor.caller, found, item_id, note=note)

    return _change(hub, visitor, slug, form_key, change, item_id)


@router.post(_ITEM + "/remove")
def remove(
    hub: HubDep, visitor: VisitorDep, slug: str, item_id: str, form_key: Text = ""
) -> Response:
    """Take it out."""

    def change(conn: sa.Connection, found: Collection) -> None:
        items.remove_item(conn, found, item_id)

    return _change(hub, visitor, slug, form_key, change)


def _change(
    hub: Hub,
    visitor: Visitor,
    slug: str,
    form_key: str,
    change: Callable[[sa.Connection, Collection], None],
    item_id: str = "",
) -> Response:
    """Do it, and back to the collection; or the collection with why it was not done."""
    visitor.check_form(form_key)
    visitor.require_user()
    try:
        with hub.database.write() as conn:
            found = collections.open_to_change(conn, visitor.caller, slug)
            path = path_of(found)
            try:
                change(conn, found)
            except NotFound as e:
                raise BadInput(e.message) from e  # the collection itself is there
    except (BadInput, AlreadyExists) as e:
        return show_collection(hub, visitor, slug, Problem(e.message, e.status))
    return RedirectResponse(path + (f"#item-{item_id}" if item_id else ""), 303)
