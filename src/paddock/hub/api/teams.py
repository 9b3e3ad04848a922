"""Teams of an organisation over HTTP: made, described, and who is in them.

The organisation's members see its teams; its admins make and delete them, and say who maintains
one; maintainers say who else is in theirs.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, Field

from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.people import accounts
from paddock.hub.profiles.overview import render_account
from paddock.hub.teams import members, teams
from paddock.hub.teams.teams import Team, TeamChange
from paddock.hub.types import Account, Caller

router = APIRouter()

_TEAMS = "/api/organizations/{name:segment}/teams"
_TEAM = _TEAMS + "/{team:segment}"
_MEMBER = _TEAM + "/members/{user:segment}"


class TeamBody(BaseModel):
    name: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=4000)


class RoleBody(BaseModel):
    role: str = Field(default="member", max_length=20)


@router.get(_TEAMS)
def list_teams(hub: HubDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    """By name, for the organisation's members."""
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        return [_shown(one) for one in teams.open_teams(conn, caller, org)]


@router.post(_TEAMS)
def create(hub: HubDep, caller: CallerDep, name: str, body: TeamBody) -> dict[str, Any]:
    """A new team, with nobody in it."""
    with hub.database.write() as conn:
        org = accounts.get_account(conn, name, kind="org")
        teams.require_maker(conn, caller, org)
        return _shown(teams.create_team(conn, org, TeamChange(body.name, body.description)))


@router.get(_TEAM)
def info(hub: HubDep, caller: CallerDep, name: str, team: str) -> dict[str, Any]:
    """A team and who is in it."""
    access.require_user(caller)
    with hub.database.read() as conn:
        found = teams.open_team(conn, caller, accounts.get_account(conn, name, kind="org"), team)
        return _with_members(conn, found)


@router.patch(_TEAM)
def change(hub: HubDep, caller: CallerDep, name: str, team: str, body: TeamBody) -> dict[str, Any]:
    """Another name or description."""
    with hub.database.write() as conn:
        org, found = _open(conn, caller, name, team)
        teams.require_maker(conn, caller, org)
        changed = teams.change_team(conn, org, found, TeamChange(body.name, body.description))
        return _shown(changed)


@router.delete(_TEAM)
def delete(hub: HubDep, caller: CallerDep, name: str, team: str) -> dict[str, Any]:
    """Forget a team, and every role that it gave."""
    with hub.database.write() as conn:
        org, found = _open(conn, caller, name, team)
        teams.require_maker(conn, caller, org)
        teams.delete_team(conn, found)
    return {}


@router.put(_MEMBER)
def set_member(
    hub: HubDep, caller: CallerDep, name: str, team: str, user: str, body: RoleBody
) -> dict[str, Any]:
    """Put a member of the organisation into the team."""
    with hub.database.write() as conn:
        org, found = _open(conn, caller, name, team)
        member = accounts.get_account(conn, user, kind="user")
        members.put_in(conn, caller, org, found, (member, body.role))
        return _with_members(conn, teams.get_team(conn, org, found.name))


@router.delete(_MEMBER)
def remove_member(
    hub: HubDep, caller: CallerDep, name: str, team: str, user: str
) -> dict[str, Any]:
    """Take somebody out of the team; everybody may leave."""
    with hub.database.write() as conn:
        org, found = _open(conn, caller, name, team)
        member = accounts.get_account(conn, user, kind="user")
        members.take_out(conn, caller, org, found, member)
        return _with_members(conn, teams.get_team(conn, org, found.name))


def _open(conn: sa.Connection, caller: Caller, name: str, team: str) -> tuple[Account, Team]:
    access.require_writing_token(caller)
    org = accounts.get_account(conn, name, kind="org")
    return org, teams.open_team(conn, caller, org, team)


def _with_members(conn: sa.Connection, team: Team) -> dict[str, Any]:
    people = [{**render_account(m.user), "role": m.role} for m in members.members_of(conn, team)]
    return {**_shown(team), "users": people}


def _shown(team: Team) -> dict[str, Any]:
    return {
        "id": team.public_id,
        "name": team.name,
        "description": team.description,
        "numUsers": team.members,
    }
