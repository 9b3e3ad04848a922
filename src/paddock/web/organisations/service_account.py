"""The page of one service account: what it may do, its tokens, its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from paddock.errors import BadInput, PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import service_accounts, tokens
from paddock.hub.people.leaving import delete_account
from paddock.hub.people.service_accounts import ServiceAccount
from paddock.hub.people.tokens import Bounds
from paddock.hub.types import FINE_GRAINED, Account, Caller
from paddock.web.account.confirming import ask_again
from paddock.web.account.identity import require_typed
from paddock.web.account.scopes_form import LEVELS, FormPairs, Given, read_given, wanted
from paddock.web.account.tokens import LIVES, Made, end_after, tokens_listed
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.organisations.service_accounts import PAGE as ALL
from paddock.web.organisations.service_accounts import ROLES, open_org
from paddock.web.page_routes import page_router

router = page_router()

_PAGE: Final = ALL + "/{account:segment}"
_SENTENCES: Final = {
    "made": "The service account is made. Give it a token for the program that needs one.",
    "role": "It has that role from now on.",
    "disabled": "It is disabled: its tokens have ended.",
    "enabled": "It is enabled, and may be given tokens.",
    "revoked": "The token is revoked.",
}
_ENDS: Final = tuple(life for life in LIVES if life[0])  # the tokens of programs all end
_Change = Callable[[sa.Connection, Account, ServiceAccount], object]


@router.get(_PAGE)
def shown(
    request: Request, hub: HubDep, visitor: VisitorDep, name: str, account: str, done: Done = ""
) -> Response:
    """Its role and its tokens."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, (name, account), done=said(_SENTENCES, done))


@router.post(_PAGE + "/role")
def change_role(
    hub: HubDep, visitor: VisitorDep, name: str, account: str, role: Text = "", form_key: Text = ""
) -> Response:
    """Let it do more, or less."""

    def change(conn: sa.Connection, org: Account, one: ServiceAccount) -> None:
        service_accounts.set_role(conn, org, one, role)

    return _change(hub, visitor, (name, account), form_key, "role", change)


@router.post(_PAGE + "/disable")
def disable(
    hub: HubDep, visitor: VisitorDep, name: str, account: str, form_key: Text = ""
) -> Response:
    """End all of its tokens at once."""

    def change(conn: sa.Connection, _: Account, one: ServiceAccount) -> None:
        service_accounts.disable(conn, one)

    return _change(hub, visitor, (name, account), form_key, "disabled", change)


@router.post(_PAGE + "/enable")
def enable(
    hub: HubDep, visitor: VisitorDep, name: str, account: str, form_key: Text = ""
) -> Response:
    """Let it have tokens again."""

    def change(conn: sa.Connection, _: Account, one: ServiceAccount) -> None:
        service_accounts.enable(conn, one)

    return _change(hub, visitor, (name, account), form_key, "enabled", change)


@router.post(_PAGE + "/tokens")
def make_token(
    request: Request, hub: HubDep, visitor: VisitorDep, name: str, account: str, pairs: FormPairs
) -> Response:
    """A new token, shown on this very answer; no address leads to it again."""
    given = read_given(pairs)
    visitor.check_form(given.form_key)
    if answer := ask_again(request, visitor, f"/organizations/{name}/service-accounts/{account}"):
        return answer
    try:
        if not given.days:
            raise BadInput("a service account's tokens end", hint="choose when")
        with hub.database.write() as conn:
            one = service_accounts.get(conn, open_org(conn, visitor, name), account)
            # What the account itself sees bounds what its token may be for.
            scopes = wanted(conn, Caller(one.user, None), given)
            made = (given.name.strip(), FINE_GRAINED, Bounds(scopes, end_after(given.days)))
            secret = tokens.create_token(conn, one.user, *made)
    except PaddockError as e:
        problem = sentence(e)
        return _show(hub, visitor, (name, account), e.status, problem=problem, given=given)
    return _show(hub, visitor, (name, account), made=Made(given.name.strip(), secret))


@router.post(_PAGE + "/tokens/{number:int}/revoke")
def revoke(
    hub: HubDep, visitor: VisitorDep, name: str, account: str, number: int, form_key: Text = ""
) -> Response:
    """End a token at once."""

    def change(conn: sa.Connection, _: Account, one: ServiceAccount) -> None:
        tokens.revoke_token(conn, one.user, min(number, 2**63 - 1))

    return _change(hub, visitor, (name, account), form_key, "revoked", change)


@router.post(_PAGE + "/delete")
def delete(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    account: str,
    typed: Text = "",
    form_key: Text = "",
) -> Response:
    """No such account any more; what it wrote stays."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            org = open_org(conn, visitor, name)
            one = service_accounts.get(conn, org, account)
            require_typed(typed, one.user.name)
            delete_account(conn, one.user, keeper=visitor.user)
    except PaddockError as e:
        return _show(hub, visitor, (name, account), e.status, problem=sentence(e))
    return back_to(f"/organizations/{org.name}/service-accounts", "deleted")


def _change(
    hub: Hub,
    visitor: Visitor,
    names: tuple[str, str],
    form_key: str,
    word: str,
    change: _Change,
) -> Response:
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            org = open_org(conn, visitor, names[0])
            one = service_accounts.get(conn, org, names[1])
            change(conn, org, one)
    except PaddockError as e:
        return _show(hub, visitor, names, e.status, problem=sentence(e))
    return back_to(f"/organizations/{org.name}/service-accounts/{one.user.name}", word)


def _show(
    hub: Hub, visitor: Visitor, names: tuple[str, str], status: int = 200, **values: object
) -> Response:
    with hub.database.read() as conn:
        org = open_org(conn, visitor, names[0])
        one = service_accounts.get(conn, org, names[1])
        found = tokens_listed(conn, one.user)
    return visitor.show(
        "organisations/service_account.html",
        status,
        org=org,
        account=one,
        tokens=found,
        roles=ROLES,
        levels=LEVELS,
        lives=_ENDS,
        **{"given": Given(), **values},
    )
