"""Resource groups of an organisation over HTTP, as the Hub's public API has them.

Reads and renders; who may do what is asked of ``hub.access`` and ``hub.groups``. A group is
changed by the organisation's admins and by its own; it is made and deleted by the organisation's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StrictBool

from paddock.errors import Forbidden
from paddock.hub import access, names
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.groups import groups, members
from paddock.hub.groups import repositories as contents
from paddock.hub.groups.groups import Group, GroupChange
from paddock.hub.groups.roles import group_of
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.people import accounts, scopes
from paddock.hub.profiles.pictures import avatar_path
from paddock.hub.teams.teams import get_team
from paddock.hub.types import Account, Caller, Kind, Need

router = APIRouter()

_GROUPS = "/api/organizations/{name:segment}/resource-groups"
_GROUP = _GROUPS + "/{group:segment}"
_MAX_AT_ONCE = 1000


class UserBody(BaseModel):
    user: str
    role: str


class RepoBody(BaseModel):
    type: Kind
    name: str


class AutoJoinBody(BaseModel):
    enabled: StrictBool
    role: str | None = None


class GroupBody(BaseModel):
    name: str
    description: str | None = None
    users: list[UserBody] = Field(default_factory=list, max_length=_MAX_AT_ONCE)
    repos: list[RepoBody] = Field(default_factory=list, max_length=_MAX_AT_ONCE)
    auto_join: AutoJoinBody | None = Field(default=None, alias="autoJoin")


class ChangeBody(BaseModel):
    name: str | None = None
    description: str | None = None


class SettingsBody(BaseModel):
    auto_join: AutoJoinBody = Field(alias="autoJoin")


class UsersBody(BaseModel):
    users: list[UserBody] = Field(max_length=_MAX_AT_ONCE)


class ReposBody(BaseModel):
    repos: list[RepoBody] = Field(max_length=_MAX_AT_ONCE)


class RoleBody(BaseModel):
    role: str


class AssignBody(BaseModel):
    group: str | None = Field(alias="resourceGroupId", max_length=24)


class Asked(NamedTuple):
    """What every handler of a group needs."""

    hub: Hub
    caller: Caller
    org_name: str
    group_id: str

    def to_change(self, conn: sa.Connection) -> tuple[Account, Group, Account]:
        """Organisation, group, and the caller, who may change the group."""
        org, group = self.to_see(conn)
        return org, group, groups.require_admin(conn, self.caller, org, group)

    def to_see(self, conn: sa.Connection) -> tuple[Account, Group]:
        """Organisation and group, if the caller may know of the group."""
        access.require_user(self.caller)
        org = accounts.get_account(conn, self.org_name, kind="org")
        return org, groups.open_group(conn, self.caller, org, self.group_id)


def _asked(hub: HubDep, caller: CallerDep, name: str, group: str) -> Asked:
    return Asked(hub, caller, name, group)


AskedDep = Depends(_asked)


@router.get(_GROUPS)
def list_groups(hub: HubDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    """The groups that the caller is in; all of them for an admin."""
    access.require_user(caller)
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        found = groups.groups_of(conn, org)
        seen = [group for group in found if groups.may_see(conn, caller, org, group)]
        return [_render(conn, caller, group) for group in seen]


@router.post(_GROUPS)
def create(hub: HubDep, caller: CallerDep, name: str, body: GroupBody) -> dict[str, Any]:
    """A new group, with people and repositories if the request names some."""
    with hub.database.write() as conn:
        user = access.require_writing_token(caller)
        org = accounts.get_account(conn, name, kind="org")
        if not access.may_administer(conn, caller, org, scopes.WRITE_GROUPS):
            raise Forbidden(f"only admins of {org.name} make resource groups")
        group = groups.create_group(conn, org, GroupChange(body.name, body.description))
        _add_users(conn, group, body.users, user)
        _add_repos(conn, caller, group, body.repos, user)
        if body.auto_join is not None:
            _auto_join(conn, group, body.auto_join)
        return _render(conn, caller, groups.group_with_id(conn, group.id))


@router.get(_GROUP)
def info(asked: Asked = AskedDep) -> dict[str, Any]:
    """One group."""
    with asked.hub.database.read() as conn:
        _, group = asked.to_see(conn)
        return _render(conn, asked.caller, group)


@router.patch(_GROUP)
def change(body: ChangeBody, asked: Asked = AskedDep) -> dict[str, Any]:
    """Another name or description."""
    with asked.hub.database.write() as conn:
        _, group, _ = asked.to_change(conn)
        groups.change_group(conn, group, GroupChange(body.name, body.description))
        return _render(conn, asked.caller, groups.group_with_id(conn, group.id))


@router.delete(_GROUP)
def delete(asked: Asked = AskedDep) -> dict[str, Any]:
    """Forget a group; its repositories stay."""
    with asked.hub.database.write() as conn:
        org, group, _ = asked.to_change(conn)
        if not access.may_administer(conn, asked.caller, org, scopes.WRITE_GROUPS):
            raise Forbidden(f"only admins of {org.name} delete resource groups")
        groups.delete_group(conn, group)
    return {}


@router.post(_GROUP + "/settings")
def change_settings(body: SettingsBody, asked: Asked = AskedDep) -> dict[str, Any]:
    """Whether everyone who joins the organisation joins the group."""
    with asked.hub.database.write() as conn:
        _, group, _ = asked.to_change(conn)
        _auto_join(conn, group, body.auto_join)
        return _render(conn, asked.caller, groups.group_with_id(conn, group.id))


@router.post(_GROUP + "/users")
def add_users(body: UsersBody, asked: Asked = AskedDep) -> dict[str, Any]:
    """More members."""
    with asked.hub.database.write() as conn:
        _, group, user = asked.to_change(conn)
        _add_users(conn, group, body.users, user)
        return _render(conn, asked.caller, group)


@router.patch(_GROUP + "/users/{username:segment}")
def change_user(username: str, body: RoleBody, asked: Asked = AskedDep) -> dict[str, Any]:
    """Another role in the group."""
    with asked.hub.database.write() as conn:
        _, group, user = asked.to_change(conn)
        _add_users(conn, group, [UserBody(user=username, role=body.role)], user)
        return _render(conn, asked.caller, group)


@router.delete(_GROUP + "/users/{username:segment}")
def remove_user(username: str, asked: Asked = AskedDep) -> dict[str, Any]:
    """Take somebody out of the group."""
    with asked.hub.database.write() as conn:
        _, group, _ = asked.to_change(conn)
        members.remove_member(conn, group, accounts.get_account(conn, username, kind="user"))
        return _render(conn, asked.caller, group)


@router.put(_GROUP + "/teams/{team:segment}")
def set_team(team: str, body: RoleBody, asked: Asked = AskedDep) -> dict[str, Any]:
    """Everybody in a team, with a role in the group."""
    with asked.hub.database.write() as conn:
        org, group, _ = asked.to_change(conn)
        members.set_team(conn, group, get_team(conn, org, team), body.role)
        return _render(conn, asked.caller, group)


@router.delete(_GROUP + "/teams/{team:segment}")
def remove_team(team: str, asked: Asked = AskedDep) -> dict[str, Any]:
    """Take a team out of the group."""
    with asked.hub.database.write() as conn:
        org, group, _ = asked.to_change(conn)
        members.remove_team(conn, group, get_team(conn, org, team))
        return _render(conn, asked.caller, group)


@router.post(_GROUP + "/repos")
def add_repos(body: ReposBody, asked: Asked = AskedDep) -> dict[str, Any]:
    """More repositories of the organisation."""
    with asked.hub.database.write() as conn:
        _, group, user = asked.to_change(conn)
        _add_repos(conn, asked.caller, group, body.repos, user)
        return _render(conn, asked.caller, group)


@router.delete(_GROUP + "/repos/{kind:kind}/{namespace:segment}/{repo:segment}")
def remove_repo(kind: Kind, namespace: str, repo: str, asked: Asked = AskedDep) -> dict[str, Any]:
    """Take a repository out of the group."""
    with asked.hub.database.write() as conn:
        _, group, _ = asked.to_change(conn)
        name = names.RepositoryName(kind, namespace, repo)
        found = access.open_to_change(conn, asked.caller, name, Need.OWN)
        if group_of(conn, found.id) == group.id:
            contents.take_out_repository(conn, found)
        return _render(conn, asked.caller, group)


@router.post(API_REPOSITORY + "/resource-group")
def assign(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: AssignBody
) -> dict[str, Any]:
    """Put a repository into a group of its organisation, or out of any."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        org = accounts.get_account(conn, repo.namespace, kind="org")
        held = group_of(conn, repo.id)
        if held is not None:
            groups.require_admin(conn, caller, org, groups.group_with_id(conn, held))
        group = groups.find_group(conn, org, body.group)
        if group is None:
            if not access.may_administer(conn, caller, org, scopes.WRITE_GROUPS):
                raise Forbidden(f"only admins of {org.name} take repositories out of groups")
            contents.take_out_repository(conn, repo)
            return {"resourceGroup": None}
        user = groups.require_admin(conn, caller, org, group)
        contents.put_repository(conn, group, repo, user)
        return {"resourceGroup": {"id": group.public_id, "name": group.name}}


def _auto_join(conn: sa.Connection, group: Group, wanted: AutoJoinBody) -> None:
    groups.set_auto_join(conn, group, (wanted.role or "read") if wanted.enabled else None)


def _add_users(
    conn: sa.Connection, group: Group, wanted: list[UserBody], added_by: Account
) -> None:
    for one in wanted:
        user = accounts.get_account(conn, one.user, kind="user")
        members.set_member(conn, group, user, one.role, added_by)


def _add_repos(
    conn: sa.Connection, caller: Caller, group: Group, wanted: list[RepoBody], added_by: Account
) -> None:
    for one in wanted:
        name = names.parse_repository_name(one.type, one.name)
        repo = access.open_to_change(conn, caller, name, Need.OWN)
        held = group_of(conn, repo.id)
        if held is not None and held != group.id:
            org = accounts.get_account(conn, repo.namespace, kind="org")
            groups.require_admin(conn, caller, org, groups.group_with_id(conn, held))
        contents.put_repository(conn, group, repo, added_by)


def _render(conn: sa.Connection, caller: Caller, group: Group) -> dict[str, Any]:
    role = group.auto_join_role
    people = [
        {
            "type": "user",
            "_id": member.user.public_id,
            "name": member.user.name,
            "fullname": member.user.full_name,
            "avatarUrl": avatar_path(member.user),
            "role": member.role,
        }
        for member in members.members_of(conn, group)
    ]
    repos = [
        {"name": repo.full_name, "type": str(repo.kind), "private": repo.is_private}
        for repo in contents.repositories_of(conn, caller, group)
    ]
    return {
        "id": group.public_id,
        "name": group.name,
        "description": group.description,
        "autoJoin": {"enabled": True, "role": role} if role else {"enabled": False},
        "users": people,
        "teams": [{"name": name, "role": held} for name, held in members.teams_in(conn, group)],
        "repos": repos,
    }
