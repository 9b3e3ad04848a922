"""Pages of access tokens: listed, made, revoked. A new one's secret is on one answer and nowhere
again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from paddock import clock
from paddock.errors import BadInput, Forbidden, PaddockError, shown
from paddock.hub.access import is_site_admin
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import tokens
from paddock.hub.people.accounts import orgs_of
from paddock.hub.people.tokens import Bounds
from paddock.hub.types import FINE_GRAINED, Account, Caller, Token
from paddock.web.account.confirming import ask_again
from paddock.web.account.scopes_form import LEVELS, OWN, FormPairs, Given, read_given, told, wanted
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/tokens"
_SENTENCES = {"revoked": "The token is revoked. Whoever uses it is a stranger from now on."}
_ROLES: Final = {
    "read": "Read all that you may read",
    "write": "Read and write all that you may",
    FINE_GRAINED: "Just what is chosen here",
    "admin": "Administer the hub",
}
LIVES: Final = (
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "a year"),
    ("7", "a week"),
    ("1", "a day"),
    ("", "never: until it is revoked"),
)


class Listed(NamedTuple):
    """A token, and in words what it may do."""

    token: Token
    role: str
    reaches: list[str]
    is_over: bool


class Made(NamedTuple):
    """A new token."""

    name: str
    secret: str


@router.get(_PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """The user's tokens, without their secrets."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, done=said(_SENTENCES, done))


@router.get(_PAGE + "/new")
def form(request: Request, hub: HubDep, visitor: VisitorDep) -> Response:
    """The form for a new one."""
    if answer := ask_again(request, visitor):
        return answer
    return _form(hub, visitor, Given(), 200, None)


@router.post(_PAGE + "/new")
def make(request: Request, hub: HubDep, visitor: VisitorDep, pairs: FormPairs) -> Response:
    """A new token, shown on this very answer; no address leads to it again."""
    given = read_given(pairs)
    visitor.check_form(given.form_key)
    user = visitor.require_user()
    if answer := ask_again(request, visitor):
        return answer
    try:
        _check_role(visitor.caller, given.role)
        with hub.database.write() as conn:
            scopes = wanted(conn, visitor.caller, given) if given.role == FINE_GRAINED else None
            bounds = Bounds(scopes, end_after(given.days))
            secret = tokens.create_token(conn, user, given.name.strip(), given.role, bounds)
    except PaddockError as e:
        return _form(hub, visitor, given, e.status, sentence(e))
    return _show(hub, visitor, made=Made(given.name.strip(), secret))


@router.post(_PAGE + "/{number:int}/revoke")
def revoke(hub: HubDep, visitor: VisitorDep, number: int, form_key: Text = "") -> Response:
    """End a token at once."""
    visitor.check_form(form_key)
    with hub.database.write() as conn:
        tokens.revoke_token(conn, visitor.require_user(), min(number, 2**63 - 1))
    return back_to(_PAGE, "revoked")


def tokens_listed(conn: sa.Connection, user: Account) -> list[Listed]:
    """A user's tokens as a page shows them."""
    moment = clock.now()
    return [
        Listed(
            one,
            _ROLES[one.role].lower(),
            told(conn, one.scopes) if one.scopes is not None else [],
            one.expires_at is not None and one.expires_at <= moment,
        )
        for one in tokens.tokens_of(conn, user)
    ]


def _check_role(caller: Caller, role: str) -> None:
    if role not in _ROLES:
        raise BadInput(f"no token role is named {shown(role)}")
    if role == "admin" and not is_site_admin(caller):
        raise Forbidden("a token of role 'admin' is an administrator's")


def end_after(days: str) -> datetime | None:
    """When a token ends that was made for one of ``LIVES``; None: never. Raises BadInput."""
    if days not in dict(LIVES):
        raise BadInput(f"a token cannot end after {shown(days)}", hint="choose one of the list")
    return clock.now() + timedelta(days=int(days)) if days else None


def _show(hub: Hub, visitor: Visitor, *, made: Made | None = None, done: str = "") -> Response:
    with hub.database.read() as conn:
        found = tokens_listed(conn, visitor.require_user())
    return visitor.show("account/tokens.html", tokens=found, made=made, done=done)


def _form(hub: Hub, visitor: Visitor, given: Given, status: int, problem: str | None) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        orgs = [membership.org for membership in orgs_of(conn, user)]
    roles = [r for r in _ROLES.items() if r[0] != "admin" or is_site_admin(visitor.caller)]
    return visitor.show(
        "account/new_token.html",
        status,
        given=given,
        problem=problem,
        roles=roles,
        lives=LIVES,
        levels=LEVELS,
        places=[(OWN, f"Your own repositories ({user.name}/…)")]
        + [(org.name, f"Repositories of {org.name}") for org in orgs],
    )
