"""Collaborators of a repository over HTTP: people and teams with a role on it alone.

Needs the right to the repository itself, with a token of its owner's own; who has a role may give
it back.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from paddock import clock
from paddock.hub import access
from paddock.hub.collaborators import collaborators
from paddock.hub.collaborators.collaborators import Collaborator, Given
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.people.accounts import get_account
from paddock.hub.profiles.overview import render_account
from paddock.hub.teams.teams import Team, get_team
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

_COLLABORATORS = API_REPOSITORY + "/collaborators"
_PERSON = _COLLABORATORS + "/users/{user:segment}"
_TEAM = _COLLABORATORS + "/teams/{team:segment}"


class RoleBody(BaseModel):
    role: str = Field(max_length=20)
    expires_at: AwareDatetime | None = Field(default=None, alias="expiresAt")


@router.get(_COLLABORATORS)
def list_collaborators(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> list[dict[str, Any]]:
    """People before teams, by name; also those whose role has ended."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.OWN)
        return [_shown(one) for one in collaborators.collaborators_of(conn, repo)]


@router.put(_PERSON)
def set_person(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, user: str, body: RoleBody
) -> dict[str, Any]:
    """Give a person a role, or another one."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        given = Given(body.role, collaborators.require_giver(caller), body.expires_at)
        collaborators.set_person(conn, repo, get_account(conn, user), given)
        return _one(conn, repo, user)


@router.delete(_PERSON)
def remove_person(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, user: str
) -> dict[str, Any]:
    """Take a person's role back, or give back one's own."""
    with hub.database.write() as conn:
        need = Need.METADATA if _is_own(caller, user) else Need.OWN
        repo = access.open_to_change(conn, caller, name, need)
        collaborators.require_giver(caller)
        collaborators.remove_person(conn, repo, get_account(conn, user))
    return {}


@router.put(_TEAM)
def set_team(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, team: str, body: RoleBody
) -> dict[str, Any]:
    """Give everybody in a team of the organisation a role, or another one."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        given = Given(body.role, collaborators.require_giver(caller), body.expires_at)
        collaborators.set_team(conn, repo, _team(conn, repo, team), given)
        return _one(conn, repo, team, is_team=True)


@router.delete(_TEAM)
def remove_team(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, team: str
) -> dict[str, Any]:
    """Take a team's role back."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        collaborators.require_giver(caller)
        collaborators.remove_team(conn, repo, _team(conn, repo, team))
    return {}


def _is_own(caller: Caller, user: str) -> bool:
    return caller.account is not None and caller.account.name.lower() == user.lower()


def _team(conn: sa.Connection, repo: Repository, name: str) -> Team:
    return get_team(conn, get_account(conn, repo.namespace), name)


def _one(
    conn: sa.Connection, repo: Repository, name: str, *, is_team: bool = False
) -> dict[str, Any]:
    found = collaborators.collaborators_of(conn, repo)
    same = (c for c in found if (c.user is None) is is_team and c.name.lower() == name.lower())
    return _shown(next(same))


def _shown(one: Collaborator) -> dict[str, Any]:
    who = {"user": render_account(one.user)} if one.user else {"team": {"name": one.team}}
    return {
        **who,
        "role": one.role,
        "createdAt": clock.to_text(one.created_at),
        "expiresAt": clock.to_text(one.expires_at) if one.expires_at else None,
        "isOver": one.is_over,
        "addedBy": one.added_by,
    }
