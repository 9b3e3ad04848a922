"""The page of an organisation's members: everybody sees them, its admins change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Query, Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.paging import Part
from paddock.hub.people import accounts, members, scopes, service_accounts
from paddock.hub.types import Account
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.organisations.mine import PAGE as MINE
from paddock.web.organisations.mine import ROLES
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/organizations/{name:segment}"
_ON_A_PAGE = 100
_SENTENCES = {
    "made": "The organisation is made. Add those who work with you.",
    "added": "They are a member from now on.",
    "changed": "They have that role from now on.",
    "removed": "They are no member any more.",
}


@router.get(_PAGE + "/members")
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    after: Annotated[str | None, Query(max_length=400)] = None,
    done: Done = "",
) -> Response:
    """By name."""
    return _show(hub, visitor, name, after=after, done=said(_SENTENCES, done))


@router.post(_PAGE + "/members/add")
def add(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    who: Text = "",
    role: Text = "read",
    form_key: Text = "",
) -> Response:
    """Make a user a member."""
    return _change(
        hub, visitor, name, form_key, who, "added",
        lambda conn, org, user: members.add_member(conn, org, user, role),
    )  # fmt: skip


@router.post(_PAGE + "/members/role")
def change_role(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    who: Text = "",
    role: Text = "",
    form_key: Text = "",
) -> Response:
    """Let a member do more, or less."""
    return _change(
        hub, visitor, name, form_key, who, "changed",
        lambda conn, org, user: members.change_role(conn, org, user, role),
    )  # fmt: skip


@router.post(_PAGE + "/members/remove")
def remove(
    hub: HubDep, visitor: VisitorDep, name: str, who: Text = "", form_key: Text = ""
) -> Response:
    """End a membership."""
    return _change(hub, visitor, name, form_key, who, "removed", members.remove_member)


@router.post(_PAGE + "/leave")
def leave(
    request: Request, hub: HubDep, visitor: VisitorDep, name: str, form_key: Text = ""
) -> Response:
    """End one's own membership; the last admin stays."""
    visitor.check_form(form_key)
    if visitor.session is None:
        return to_sign_in(request)
    try:
        with hub.database.write() as conn:
            org = accounts.get_account(conn, name, kind="org")
            members.remove_member(conn, org, visitor.session.user)
    except members.LastAdmin as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(MINE, "left")


def _change(
    hub: Hub,
    visitor: Visitor,
    name: str,
    form_key: str,
    who: str,
    word: str,
    change: Callable[[sa.Connection, Account, Account], None],
) -> Response:
    visitor.check_form(form_key)
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        members.require_admin(conn, visitor.caller, org, scopes.WRITE_MEMBERS)
    try:
        with hub.database.write() as conn:
            members.require_admin(conn, visitor.caller, org, scopes.WRITE_MEMBERS)
            change(conn, org, accounts.get_account(conn, who.strip(), kind="user"))
    except PaddockError as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e), who=who[:100])
    return back_to(f"/organizations/{org.name}/members", word)


def _show(
    hub: Hub,
    visitor: Visitor,
    name: str,
    status: int = 200,
    *,
    after: str | None = None,
    **values: object,
) -> Response:
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        page = members.list_members(conn, org, Part(_ON_A_PAGE, after))
        may_change = access.may_administer(conn, visitor.caller, org, scopes.WRITE_MEMBERS)
        own = accounts.role_in(conn, org.id, visitor.user) if visitor.user else None
        programs = service_accounts.among(conn, [one.user.id for one in page.items])
    return visitor.show(
        "organisations/members.html",
        status,
        org=org,
        members=page.items,
        roles=ROLES,
        may_change=may_change,
        own_role=own,
        programs=programs,
        next=page.next_cursor and f"?{urlencode({'after': page.next_cursor})}",
        **values,
    )
