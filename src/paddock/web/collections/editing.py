"""A collection is made, or changed: the forms for its title, description, visibility and colour.

Reads forms; what a collection may be called is ``hub.collections``'s. What was not taken is shown
again with what was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, Conflict, PaddockError
from paddock.hub.collections import collections, items
from paddock.hub.collections.collections import (
    MAX_DESCRIPTION_CHARS,
    MAX_TITLE_CHARS,
    THEMES,
    Collection,
    Wanted,
)
from paddock.hub.collections.reach import may_collect
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import accounts
from paddock.hub.types import Account
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.collections.one import ONE, find_to_change, path_of
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router

router = page_router()


@dataclass(frozen=True, slots=True)
class CollectionForm:
    """What somebody wants a collection to be."""

    owner: str
    title: str = ""
    description: str = ""
    is_private: bool = False
    theme: str = THEMES[0]
    repo: str = ""  # KIND/ns/name, to be its first item

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.title, self.description, self.is_private, self.theme)


@router.get("/collections/new")
def show_form(hub: HubDep, visitor: VisitorDep, repo: str = "") -> Response:
    """The form for a new collection."""
    user = visitor.require_user()
    return _show_new(hub, visitor, CollectionForm(user.name, repo=repo[:300]), None)


@router.post("/collections/new")
def create(
    hub: HubDep,
    visitor: VisitorDep,
    form_key: Text = "",
    owner: Text = "",
    title: Text = "",
    description: Text = "",
    private: Text = "",
    theme: Text = THEMES[0],
    repo: Text = "",
) -> Response:
    """A new collection, with its first item if one was named."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    form = CollectionForm(owner or user.name, title, description, private == "1", theme, repo)
    try:
        with hub.database.write() as conn:
            made = collections.create_collection(conn, visitor.caller, form.owner, form.wanted)
            if repo:
                items.add_item(conn, visitor.caller, made, *parse_repository(repo))
    except (BadInput, Conflict) as e:
        return _show_new(hub, visitor, form, e)
    return RedirectResponse(path_of(made), 303)


@router.get(ONE + "/edit")
def show_edit(hub: HubDep, visitor: VisitorDep, slug: str) -> Response:
    """The form for what a collection is called and who sees it."""
    visitor.require_user()
    found = find_to_change(hub, visitor.caller, slug)
    form = CollectionForm(
        found.owner.name, found.title, found.description or "", found.is_private, found.theme
    )
    return _show_edit(visitor, found, form, None)


@router.post(ONE + "/edit")
def change(
    hub: HubDep,
    visitor: VisitorDep,
    slug: str,
    form_key: Text = "",
    title: Text = "",
    description: Text = "",
    private: Text = "",
    theme: Text = THEMES[0],
) -> Response:
    """Apply the changes."""
    visitor.check_form(form_key)
    visitor.require_user()
    found = find_to_change(hub, visitor.caller, slug)
    form = CollectionForm(found.owner.name, title, description, private == "1", theme)
    try:
        with hub.database.write() as conn:
            found = collections.open_to_change(conn, visitor.caller, slug)
            found = collections.change_collection(conn, found, form.wanted)
    except (BadInput, Conflict) as e:
        return _show_edit(visitor, found, form, e)
    return RedirectResponse(path_of(found), 303)


def parse_repository(text: str) -> tuple[str, str]:
    """Kind and name of ``KIND/ns/name``; whether there is such a repository is not looked at."""
    kind, _, full_name = text.partition("/")
    return kind, full_name


def owners_for(conn: sa.Connection, visitor: Visitor, user: Account) -> list[Account]:
    """For whom the visitor may make collections: themselves, and organisations of theirs."""
    theirs = [membership.org for membership in accounts.orgs_of(conn, user)]
    return [user, *(org for org in theirs if may_collect(conn, visitor.caller, org))]


def _show_new(
    hub: Hub, visitor: Visitor, form: CollectionForm, error: PaddockError | None
) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        owners = [owner.name for owner in owners_for(conn, visitor, user)]
    return visitor.show(
        "collections/edit.html",
        error.status if error else 200,
        collection=None,
        action="/collections/new",
        form=form,
        owners=owners,
        problem=sentence(error) if error else None,
        **_BOUNDS,
    )


def _show_edit(
    visitor: Visitor, found: Collection, form: CollectionForm, error: PaddockError | None
) -> Response:
    return visitor.show(
        "collections/edit.html",
        error.status if error else 200,
        collection=found,
        action=f"{path_of(found)}/edit",
        form=form,
        owners=[],
        problem=sentence(error) if error else None,
        **_BOUNDS,
    )


_BOUNDS = {"themes": THEMES, "most_title": MAX_TITLE_CHARS, "most_text": MAX_DESCRIPTION_CHARS}
