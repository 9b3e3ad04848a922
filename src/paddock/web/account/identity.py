"""The page on which a person takes another name, or leaves for good.

Both ask for the password, and leaving for the name to be typed; what follows is
``hub.people.leaving``'s.
"""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people.leaving import delete_account, rename_account
from paddock.hub.sessions.confirming import prove_again
from paddock.hub.sessions.sessions import has_password
from paddock.hub.tables import repositories
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/account"
_SENTENCES = {"renamed": "That is your name from now on."}


class NotConfirmed(BadInput):
    """What was typed is not the name of what would be lost."""

    code = "not_confirmed"


@router.get(_PAGE)
def form(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """Both forms."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, done=said(_SENTENCES, done))


@router.post(_PAGE + "/rename")
def rename(
    hub: HubDep, visitor: VisitorDep, new_name: Text = "", password: Text = "", form_key: Text = ""
) -> Response:
    """Another name; sessions and tokens go on."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        prove_again(hub.database, visitor.require_session(), password)
        with hub.database.write() as conn:
            rename_account(conn, user, new_name.strip())
    except PaddockError as e:
        return _show(hub, visitor, e.status, problem=sentence(e), new_name=new_name[:100])
    return back_to(_PAGE, "renamed")


@router.post(_PAGE + "/delete")
def delete(
    hub: HubDep,
    visitor: VisitorDep,
    typed: Text = "",
    password: Text = "",
    with_repositories: Text = "",
    form_key: Text = "",
) -> Response:
    """No account any more, and a browser that is signed out."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        require_typed(typed, user.name)
        prove_again(hub.database, visitor.require_session(), password)
        with hub.database.write() as conn:
            delete_account(conn, user, with_repositories=bool(with_repositories))
    except PaddockError as e:
        return _show(hub, visitor, e.status, problem=sentence(e))
    return visitor.sign_out(RedirectResponse("/", 303))


def require_typed(typed: str, name: str) -> None:
    """Raise NotConfirmed unless somebody typed the very name of what is to be deleted."""
    if typed.strip() != name:
        raise NotConfirmed(f"{name} is not deleted: the name was not typed", hint=f"type {name}")


def _show(hub: Hub, visitor: Visitor, status: int = 200, **values: object) -> Response:
    user, c = visitor.require_user(), repositories.c
    owned = sa.select(sa.func.count()).where(c.namespace_id == user.id)
    with hub.database.read() as conn:
        return visitor.show(
            "account/identity.html",
            status,
            has_password=has_password(conn, user),
            repositories=conn.scalar(owned),
            **values,
        )
