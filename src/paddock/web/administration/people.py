"""Users and organizations: found by name; turned off and on, made administrators, signed out."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Query
from fastapi.responses import Response

from paddock.errors import BadInput, PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.paging import Part
from paddock.hub.people import disabling
from paddock.hub.people.accounts import get_account
from paddock.hub.types import Account
from paddock.web.administration.asking import START, require_administrator
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = START + "/people"
_ON_A_PAGE = 100
_SENTENCES = {
    "disable": "The account is turned off, and signed out everywhere.",
    "enable": "The account is turned on again.",
    "promote": "They administer this hub now.",
    "demote": "They administer this hub no longer.",
    "sign_out": "They are signed out everywhere.",
}


@router.get(_PAGE)
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    kind: Annotated[str, Query(max_length=4)] = "user",
    q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
    done: Done = "",
) -> Response:
    """By name."""
    require_administrator(visitor)
    return _show(hub, visitor, ("org" if kind == "org" else "user", q, after), done=done)


@router.post(_PAGE + "/change")
def change(
    hub: HubDep,
    visitor: VisitorDep,
    name: Text = "",
    what: Text = "",
    reason: Text = "",
    form_key: Text = "",
) -> Response:
    """One act on one user."""
    visitor.check_form(form_key)
    require_administrator(visitor)
    try:
        with hub.database.write() as conn:
            user = get_account(conn, name.strip(), kind="user")
            _apply(conn, user, what, reason)
    except PaddockError as e:
        return _show(hub, visitor, ("user", "", None), e.status, problem=sentence(e))
    return back_to(_PAGE, what)


def _apply(conn: sa.Connection, user: Account, what: str, reason: str) -> None:
    if what == "disable":
        disabling.disable(conn, user, reason)
    elif what in _ACTS:
        _ACTS[what](conn, user)
    else:
        raise BadInput("nothing was chosen", hint="use one of the buttons")


def _promote(conn: sa.Connection, user: Account) -> None:
    disabling.set_administrator(conn, user, is_admin=True)


def _demote(conn: sa.Connection, user: Account) -> None:
    disabling.set_administrator(conn, user, is_admin=False)


_ACTS: Final = {
    "enable": disabling.enable,
    "promote": _promote,
    "demote": _demote,
    "sign_out": disabling.end_sessions,
}


def _show(
    hub: Hub,
    visitor: Visitor,
    asked: tuple[str, str, str | None],
    status: int = 200,
    *,
    done: str = "",
    problem: str = "",
) -> Response:
    kind, q, after = asked
    with hub.database.read() as conn:
        page = disabling.list_accounts(conn, kind, q, Part(_ON_A_PAGE, after))
    following = {"kind": kind, "q": q, "after": page.next_cursor or ""}
    return visitor.show(
        "administration/people.html",
        status,
        people=page.items,
        kind=kind,
        begins=q,
        problem=problem,
        done=said(_SENTENCES, done),
        next=page.next_cursor and "?" + urlencode({k: v for k, v in following.items() if v}),
    )
