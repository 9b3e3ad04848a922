"""Collections over HTTP (hub protocol 13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StrictBool, StrictInt

from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.collections import collections, items, listing, rendering
from paddock.hub.collections.collections import Collection, Wanted
from paddock.hub.collections.listing import Listing
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.http import queries
from paddock.hub.http.paged import asked_part, paged
from paddock.hub.types import Caller

router = APIRouter()

COLLECTION = "/api/collections/{slug:slug}"
_ITEMS_SHOWN_IN_LISTS = 4
_LISTED = 100
_MOST_ACTIONS = 1000

ItemType = Literal["model", "dataset", "space", "collection", "paper", "bucket", "kernel"]
Position = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]


class ItemBody(BaseModel):
    type: ItemType
    id: str


class CreateBody(BaseModel):
    title: str
    namespace: str | None = None
    description: str | None = None
    private: StrictBool = False
    theme: str | None = None
    item: ItemBody | None = None
    note: str | None = None
    resourceGroupId: str | None = None


class ChangeBody(BaseModel):
    title: str | None = None
    description: str | None = None
    private: StrictBool | None = None
    theme: str | None = None
    position: Position | None = None


class AddBody(BaseModel):
    item: ItemBody
    note: str | None = None


class ItemChange(BaseModel):
    note: str | None = None
    position: Position | None = None


class ItemAction(BaseModel):
    action: Literal["update", "delete"]
    id: str = Field(alias="_id")
    data: ItemChange = ItemChange()


class GroupBody(BaseModel):
    resourceGroupId: Annotated[str, Field(pattern="^[0-9a-f]{24}$")] | None


@router.get("/api/collections")
def list_collections(
    request: Request, response: Response, hub: HubDep, caller: CallerDep
) -> list[dict[str, Any]]:
    part = asked_part(request, default=_LISTED, most=_LISTED)
    asked = Listing(
        owners=tuple(queries.many(request, "owner")),
        items=tuple(queries.many(request, "item")),
        search=request.query_params.get("q") or request.query_params.get("search"),
        sort=request.query_params.get("sort"),
    )
    with hub.database.read() as conn:
        page = listing.list_collections(conn, caller, asked, part)
        found = paged(request, response, hub, page)
        contents = items.contents_of(conn, caller, found, most=_ITEMS_SHOWN_IN_LISTS)
        eyes = rendering.look(conn, caller, hub.base_url(request), found, contents)
    return [rendering.render_listed(one, contents[one.id], eyes) for one in found]


@router.post("/api/collections")
def create(request: Request, hub: HubDep, caller: CallerDep, body: CreateBody) -> dict[str, Any]:
    wanted = Wanted(body.title, body.description, body.private, body.theme)
    with hub.database.write() as conn:
        made = collections.create_collection(conn, caller, body.namespace, wanted)
        if body.resourceGroupId is not None:
            collections.set_resource_group(conn, made, body.resourceGroupId)
        if body.item is not None:
            items.add_item(conn, caller, made, body.item.type, body.item.id, body.note)
        return _answer(request, hub, conn, caller, made)


# What follows a slug in an address stands before the slug alone, which might take it for its own.
@router.post(COLLECTION + "/items")
@router.post(COLLECTION + "/item", include_in_schema=False)
def add_item(
    request: Request, hub: HubDep, caller: CallerDep, slug: str, body: AddBody
) -> dict[str, Any]:
    def add(conn: sa.Connection, collection: Collection) -> None:
        items.add_item(conn, caller, collection, body.item.type, body.item.id, body.note)

    return _change(request, hub, caller, slug, add)


@router.post(COLLECTION + "/items/batch")
def change_items(
    request: Request, hub: HubDep, caller: CallerDep, slug: str, body: Sequence[ItemAction]
) -> dict[str, Any]:
    """All of them, in their order, or none."""
    if len(body) > _MOST_ACTIONS:
        raise BadInput(f"{len(body)} actions are too many", hint=f"send at most {_MOST_ACTIONS}")

    def change(conn: sa.Connection, collection: Collection) -> None:
        for one in body:
            if one.action == "delete":
                items.remove_item(conn, collection, one.id)
            else:
                note, position = one.data.note, one.data.position
                items.change_item(conn, caller, collection, one.id, note=note, position=position)

    return _change(request, hub, caller, slug, change)


@router.patch(COLLECTION + "/items/{item_id:segment}")
def change_item(
    request: Request, hub: HubDep, caller: CallerDep, slug: str, item_id: str, body: ItemChange
) -> dict[str, Any]:
    def change(conn: sa.Connection, collection: Collection) -> None:
        items.change_item(conn, caller, collection, item_id, note=body.note, position=body.position)

    return _change(request, hub, caller, slug, change)


@router.delete(COLLECTION + "/items/{item_id:segment}")
def remove_item(
    request: Request, hub: HubDep, caller: CallerDep, slug: str, item_id: str
) -> dict[str, Any]:
    def remove(conn: sa.Connection, collection: Collection) -> None:
        items.remove_item(conn, collection, item_id)

    return _change(request, hub, caller, slug, remove)


@router.post(COLLECTION + "/upvote")
def upvote(hub: HubDep, caller: CallerDep, slug: str) -> dict[str, Any]:
    return _vote(hub, caller, slug, wanted=True)


@router.delete(COLLECTION + "/upvote")
def take_upvote_back(hub: HubDep, caller: CallerDep, slug: str) -> dict[str, Any]:
    return _vote(hub, caller, slug, wanted=False)


@router.post(COLLECTION + "/resource-group")
def set_resource_group(
    request: Request, hub: HubDep, caller: CallerDep, slug: str, body: GroupBody
) -> dict[str, Any]:
    def change(conn: sa.Connection, collection: Collection) -> None:
        collections.set_resource_group(conn, collection, body.resourceGroupId)

    return _change(request, hub, caller, slug, change)


@router.get(COLLECTION)
def get_collection(request: Request, hub: HubDep, caller: CallerDep, slug: str) -> dict[str, Any]:
    with hub.database.read() as conn:
        found = collections.find_collection(conn, caller, slug)
        return _answer(request, hub, conn, caller, found)


@router.patch(COLLECTION)
def change_collection(
    request: Request, hub: HubDep, caller: CallerDep, slug: str, body: ChangeBody
) -> dict[str, Any]:
    wanted = Wanted(body.title, body.description, body.private, body.theme, body.position)

    def change(conn: sa.Connection, collection: Collection) -> None:
        collections.change_collection(conn, collection, wanted)

    return {"success": True, "data": _change(request, hub, caller, slug, change)}


@router.delete(COLLECTION)
def delete_collection(hub: HubDep, caller: CallerDep, slug: str) -> dict[str, Any]:
    with hub.database.write() as conn:
        found = collections.open_to_change(conn, caller, slug)
        collections.delete_collection(conn, found)
    return {"success": True}


def _change(
    request: Request,
    hub: Hub,
    caller: Caller,
    slug: str,
    change: Callable[[sa.Connection, Collection], None],
) -> dict[str, Any]:
    """Open the collection, change it, tell what it is now."""
    with hub.database.write() as conn:
        change(conn, collections.open_to_change(conn, caller, slug))
        found = collections.find_collection(conn, caller, slug)
        return _answer(request, hub, conn, caller, found)


def _answer(
    request: Request, hub: Hub, conn: sa.Connection, caller: Caller, found: Collection
) -> dict[str, Any]:
    contents = items.contents_of(conn, caller, [found])
    eyes = rendering.look(conn, caller, hub.base_url(request), [found], contents)
    return rendering.render_collection(found, contents[found.id], eyes)


def _vote(hub: Hub, caller: Caller, slug: str, *, wanted: bool) -> dict[str, Any]:
    with hub.database.write() as conn:
        found = collections.find_collection(conn, caller, slug)
        user = access.require_writing_token(caller)
        count = collections.upvote(conn, found, user, wanted=wanted)
    return {"upvotes": count, "isUpvotedByUser": wanted}
