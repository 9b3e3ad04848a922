"""The page on which a person makes a repository: kind, owner, name, who sees it, licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, PaddockError, shown
from paddock.hub.context import Hub, HubDep
from paddock.hub.groups.roles import CREATING_ROLES
from paddock.hub.names import MAX_REPOSITORY_CHARS
from paddock.hub.people.accounts import orgs_of
from paddock.hub.repositories import NewRepository, create_repository
from paddock.hub.types import Account, Kind
from paddock.licences import LICENCE_IDS
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/new"
KINDS: Final = {Kind.MODEL: "Model", Kind.DATASET: "Dataset"}
_SHORT = Query(max_length=100)


@dataclass(frozen=True, slots=True)
class _Given:
    kind: str = Kind.MODEL
    owner: str = ""
    name: str = ""
    visibility: str = ""
    licence: str = ""


@router.get(_PAGE)
def form(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    kind: Annotated[str, _SHORT] = Kind.MODEL,
    owner: Annotated[str, _SHORT] = "",
) -> Response:
    """The form; an address may choose the kind and the owner."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, _Given(kind=kind, owner=owner))


@router.get("/new-dataset")
def new_dataset() -> Response:
    """The same for a dataset, where the Hub has it."""
    return RedirectResponse(f"{_PAGE}?kind={Kind.DATASET}", 303)


@router.post(_PAGE)
def make(
    hub: HubDep,
    visitor: VisitorDep,
    kind: Text = "",
    owner: Text = "",
    name: Text = "",
    visibility: Text = "",
    licence: Text = "",
    form_key: Text = "",
) -> Response:
    """A new repository, with a card that names its licence."""
    visitor.check_form(form_key)
    visitor.require_user()
    given = _Given(kind, owner, name.strip(), visibility, licence)
    try:
        with hub.database.write() as conn:
            repo = create_repository(conn, visitor.caller, _wanted(given))
    except PaddockError as e:
        return _show(hub, visitor, given, e.status, sentence(e))
    return RedirectResponse(repo.web_path, 303)


def owners_for(conn: sa.Connection, user: Account) -> list[Account]:
    """Where a user may make repositories: their own namespace first."""
    roles = orgs_of(conn, user)
    return [user, *(one.org for one in roles if one.role in CREATING_ROLES)]


def _wanted(given: _Given) -> NewRepository:
    if given.kind not in set(KINDS):
        raise BadInput(f"{shown(given.kind)} is no kind of repository that is made here")
    if given.visibility not in {"public", "private", ""}:
        raise BadInput(f"{shown(given.visibility)} is no visibility", hint="public or private")
    return NewRepository(
        kind=Kind(given.kind),
        name=given.name,
        namespace=given.owner or None,
        is_private=given.visibility == "private" if given.visibility else None,
        licence=given.licence or None,
    )


def _show(
    hub: Hub, visitor: Visitor, given: _Given, status: int = 200, problem: str | None = None
) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        owners = owners_for(conn, user)
    return visitor.show(
        "settings/new.html",
        status,
        given=given,
        owners=owners,
        kinds=KINDS,
        licences=LICENCE_IDS,
        most_chars=MAX_REPOSITORY_CHARS,
        problem=problem,
    )
