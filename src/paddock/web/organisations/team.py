"""The page of one team: who is in it, which its maintainers change; its name and its end."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import accounts
from paddock.hub.teams import members, teams
from paddock.hub.teams.teams import Team, TeamChange
from paddock.hub.types import Account
from paddock.web.account.identity import require_typed
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.organisations.teams import PAGE as TEAMS
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = TEAMS + "/{team:segment}"
_SENTENCES = {
    "made": "The team is made. Put those into it who work together.",
    "put": "They are in the team from now on.",
    "out": "They are not in the team any more.",
    "changed": "The team is changed.",
}
ROLES = {"member": "member", "maintainer": "maintainer: says who is in it"}
_Change = Callable[[sa.Connection, Account, Team], Team | None]


@router.get(_PAGE)
def shown(
    request: Request, hub: HubDep, visitor: VisitorDep, name: str, team: str, done: Done = ""
) -> Response:
    """Who is in it."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, (name, team), done=said(_SENTENCES, done))


@router.post(_PAGE + "/members")
def put(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    team: str,
    who: Text = "",
    role: Text = "member",
    form_key: Text = "",
) -> Response:
    """Put a member of the organisation into the team, or let them be something else in it."""

    def change(conn: sa.Connection, org: Account, found: Team) -> None:
        user = accounts.get_account(conn, who.strip(), kind="user")
        members.put_in(conn, visitor.caller, org, found, (user, role))

    return _change(hub, visitor, (name, team), form_key, "put", change)


@router.post(_PAGE + "/members/remove")
def take_out(
    hub: HubDep, visitor: VisitorDep, name: str, team: str, who: Text = "", form_key: Text = ""
) -> Response:
    """Take somebody out of the team, or leave it."""

    def change(conn: sa.Connection, org: Account, found: Team) -> None:
        user = accounts.get_account(conn, who.strip(), kind="user")
        members.take_out(conn, visitor.caller, org, found, user)

    return _change(hub, visitor, (name, team), form_key, "out", change)


@router.post(_PAGE)
def rename(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    team: str,
    new_name: Text = "",
    description: Text = "",
    form_key: Text = "",
) -> Response:
    """Another name or description."""

    def change(conn: sa.Connection, org: Account, found: Team) -> Team:
        teams.require_maker(conn, visitor.caller, org)
        return teams.change_team(conn, org, found, TeamChange(new_name.strip(), description))

    return _change(hub, visitor, (name, team), form_key, "changed", change)


@router.post(_PAGE + "/delete")
def delete(
    hub: HubDep, visitor: VisitorDep, name: str, team: str, typed: Text = "", form_key: Text = ""
) -> Response:
    """No such team any more."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            org, found = _open(conn, visitor, (name, team))
            teams.require_maker(conn, visitor.caller, org)
            require_typed(typed, found.name)
            teams.delete_team(conn, found)
    except PaddockError as e:
        return _show(hub, visitor, (name, team), e.status, problem=sentence(e))
    return back_to(f"/organizations/{org.name}/teams", "deleted")


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
            org, found = _open(conn, visitor, names)
            changed = change(conn, org, found) or found
    except PaddockError as e:
        return _show(hub, visitor, names, e.status, problem=sentence(e))
    return back_to(f"/organizations/{org.name}/teams/{changed.name}", word)


def _open(conn: sa.Connection, visitor: Visitor, names: tuple[str, str]) -> tuple[Account, Team]:
    org = accounts.get_account(conn, names[0], kind="org")
    return org, teams.open_team(conn, visitor.caller, org, names[1])


def _show(
    hub: Hub, visitor: Visitor, names: tuple[str, str], status: int = 200, **values: object
) -> Response:
    with hub.database.read() as conn:
        org, found = _open(conn, visitor, names)
        people = members.members_of(conn, found)
        may_maintain = teams.may_maintain(conn, visitor.caller, org, found)
        may_make = teams.may_make(conn, visitor.caller, org)
    return visitor.show(
        "organisations/team.html",
        status,
        org=org,
        team=found,
        members=people,
        roles=ROLES if may_make else {"member": ROLES["member"]},
        may_maintain=may_maintain,
        may_make=may_make,
        **values,
    )
