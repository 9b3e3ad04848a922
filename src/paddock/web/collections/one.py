"""A collection's page: what is in it, with the buttons to order it for those who may; upvotes.

Shows what the visitor may see of it; the others keep their places unseen (``hub.collections``).
"""

from __future__ import annotations

from typing import NamedTuple

from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from paddock.hub import access
from paddock.hub.collections import collections, items
from paddock.hub.collections.collections import Collection
from paddock.hub.collections.items import Item
from paddock.hub.collections.reach import may_change
from paddock.hub.context import Hub, HubDep
from paddock.hub.types import Caller, Repository
from paddock.markdown import render_note
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Text
from paddock.web.page_routes import page_router
from paddock.web.social.turning import TurnDep

router = page_router()

ONE = "/collections/{slug:slug}"


class ShownItem(NamedTuple):
    """An item, with where it leads and which kind of thing that is."""

    id: str
    kind: str
    title: str
    path: str
    note: str
    note_html: Markup
    repo: Repository | None  # None: another collection
    owner: str


class Problem(NamedTuple):
    """What was wrong with what was sent, under which status."""

    text: str
    status: int


@router.get(ONE)
def show(hub: HubDep, visitor: VisitorDep, slug: str) -> Response:
    """A collection."""
    return show_collection(hub, visitor, slug)


def show_collection(
    hub: Hub, visitor: Visitor, slug: str, problem: Problem | None = None
) -> Response:
    """The page, with what was wrong with what was sent from it."""
    with hub.database.read() as conn:
        found = collections.find_collection(conn, visitor.caller, slug)
        contents = items.contents_of(conn, visitor.caller, [found])[found.id]
        may = may_change(conn, visitor.caller, found.owner, found.creator_id)
        is_upvoted = visitor.user is not None and collections.has_upvoted(conn, found, visitor.user)
    return visitor.show(
        "collections/one.html",
        problem.status if problem else 200,
        collection=found,
        path=path_of(found),
        items=[_show(item) for item in contents.items],
        total=contents.total,
        may_change=may,
        is_upvoted=is_upvoted,
        problem=problem.text if problem else None,
    )


@router.post(ONE + "/upvote")
def upvote(turn: TurnDep, slug: str) -> Response:
    """Upvote it, or take that back."""
    with turn.hub.database.write() as conn:
        found = collections.find_collection(conn, turn.visitor.caller, slug)
        user = access.require_writing_token(turn.visitor.caller)
        is_upvoted = turn.is_wanted(collections.has_upvoted(conn, found, user))
        count = collections.upvote(conn, found, user, wanted=is_upvoted)
    told = {"upvotes": count, "isUpvoted": is_upvoted}
    return turn.go_on(path_of(found), told)


@router.get(ONE + "/delete")
def ask_to_delete(hub: HubDep, visitor: VisitorDep, slug: str) -> Response:
    """What deleting would take away, for those who may."""
    visitor.require_user()
    found = find_to_change(hub, visitor.caller, slug)
    return visitor.show("collections/delete.html", collection=found, path=path_of(found))


@router.post(ONE + "/delete")
def delete(hub: HubDep, visitor: VisitorDep, slug: str, form_key: Text = "") -> Response:
    """Forget a collection; what was in it stays."""
    visitor.check_form(form_key)
    visitor.require_user()
    with hub.database.write() as conn:
        found = collections.open_to_change(conn, visitor.caller, slug)
        collections.delete_collection(conn, found)
    return RedirectResponse(f"/collections?owner={found.owner.name}", 303)


def find_to_change(hub: Hub, caller: Caller, slug: str) -> Collection:
    """The collection, for somebody who may change it; raises Forbidden, among others."""
    with hub.database.write() as conn:  # it is held as long as somebody looks whether they may
        return collections.open_to_change(conn, caller, slug)


def path_of(collection: Collection) -> str:
    """Where a collection's page is: the address that the Hub's client prints, too."""
    return f"/collections/{collection.slug}"


def _show(item: Item) -> ShownItem:
    target = item.target
    note_html = Markup(render_note(item.note or ""))  # noqa: S704  (raw HTML is off in notes)
    if isinstance(target, Repository):
        kind, title, path = str(target.kind), target.full_name, target.web_path
        repo, owner = target, target.namespace
    else:
        kind, title, path = "collection", target.title, path_of(target)
        repo, owner = None, target.owner.name
    return ShownItem(item.public_id, kind, title, path, item.note or "", note_html, repo, owner)
