"""What role somebody has on a repository: the organisation's, their group's, or one of its own.

Knows memberships, resource groups, teams and collaborators, as a question about one repository and
as a condition for lists. The strongest role counts. Does not know tokens: what a role allows, and
whether a token reaches so far, is ``access``'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub.collaborators.tables import collaborators
from paddock.hub.groups.tables import (
    resource_group_members,
    resource_group_repositories,
    resource_group_teams,
)
from paddock.hub.people import accounts
from paddock.hub.tables import memberships, repositories
from paddock.hub.teams.tables import team_members
from paddock.hub.types import Account, Repository

ROLES = accounts.ORG_ROLES  # strongest first
WRITING_ROLES = frozenset({"admin", "write"})
CREATING_ROLES = WRITING_ROLES | {"contributor"}
NO_ACCESS = "no_access"  # a member for the sake of resource groups alone
# Of collaborators: to write to what is in a repository is not to change the repository itself, and
# who was named for one repository answers no gate.
WRITE_HERE, READ_HERE = "write_here", "read_here"
_HERE = {"admin": "write", "write": WRITE_HERE, "read": READ_HERE}


def check_role(role: str) -> str:
    """The role, if a group has such a one; raises BadInput."""
    if role not in ROLES:
        raise BadInput(f"no role is named {shown(role)}", hint=f"use one of {', '.join(ROLES)}")
    return role


def role_on(conn: sa.Connection, account: Account, repo: Repository) -> str | None:
    """A user's role as far as this repository goes; everything in one's own namespace is one's own.

    One of an organisation's, or what a collaborator has here alone: ``WRITE_HERE``, ``READ_HERE``.
    None for those who have nothing to do with it.
    """
    if repo.namespace_id == account.id:
        return "admin"
    found = _roles(conn, account, repo)
    is_creator = found.as_member == "contributor" and repo.creator_id == account.id
    if found.as_collaborator is None or found.as_member in WRITING_ROLES or is_creator:
        return found.as_member
    return _HERE[found.as_collaborator]


def group_of(conn: sa.Connection, repo_id: int) -> int | None:
    """The resource group that a repository is in."""
    c = resource_group_repositories.c
    return conn.execute(sa.select(c.group_id).where(c.repo_id == repo_id)).scalar_one_or_none()


def role_in_group(conn: sa.Connection, group_id: int, user: Account) -> str | None:
    """A user's role in a resource group; of the organisation itself nothing is asked."""
    asked = {"group_id": group_id, "user_id": user.id}
    return _strongest(row.role for row in conn.execute(_IN_GROUP, asked))


def is_of(account: Account) -> sa.ColumnElement[bool]:
    """``role_on`` as a condition: what has something to do with a user."""
    repo, member, grouped = repositories.c, memberships.c, resource_group_repositories.c
    orgs = sa.select(member.org_id).where(member.user_id == account.id)
    in_groups = sa.select(grouped.repo_id).where(grouped.group_id.in_(_groups_of(account)))
    return sa.or_(
        repo.namespace_id == account.id,
        repo.namespace_id.in_(orgs.where(member.role == "admin")),
        sa.and_(
            repo.namespace_id.in_(orgs.where(member.role != NO_ACCESS)),
            sa.not_(sa.exists().where(grouped.repo_id == repo.id).correlate(repositories)),
        ),
        sa.and_(repo.namespace_id.in_(orgs), repo.id.in_(in_groups)),
        repo.id.in_(shared_with(account)),
        repo.id.in_(_of_teams(account)),
    )


def shared_with(account: Account) -> sa.Select[tuple[int]]:
    """The repositories on which the user is a collaborator, without those of their teams."""
    c = collaborators.c
    return sa.select(c.repo_id).where(c.user_id == account.id, _in_force(clock.now()))


class _Roles(NamedTuple):
    """A user's roles on a repository: by belonging to the organisation, and as a collaborator."""

    as_member: str | None
    as_collaborator: str | None


def _roles(conn: sa.Connection, account: Account, repo: Repository) -> _Roles:
    asked = {
        "user_id": account.id,
        "repo_id": repo.id,
        "org_id": repo.namespace_id,
        "now": clock.now(),
    }
    found: dict[str, list[str]] = {}
    for row in conn.execute(_ON_REPOSITORY, asked):
        found.setdefault(row.by, []).append(row.role)
    role = _strongest(found.get("member", ()))
    teams = found.get("team", []) if role is not None else []
    if role is not None and role != "admin" and "group" in found:
        role = _strongest(found["group"])
    as_member = None if role == NO_ACCESS else role
    return _Roles(as_member, _strongest([*found.get("named", ()), *teams]))


def _strongest(roles: Iterable[str | None]) -> str | None:
    found = [role for role in roles if role is not None]
    return min(found, key=ROLES.index, default=None)


def _in_force(now: object) -> sa.ColumnElement[bool]:
    ends = collaborators.c.expires_at
    return sa.or_(ends.is_(None), ends > now)


def _groups_of(account: Account) -> sa.CompoundSelect[tuple[int]]:
    """The resource groups in which a user has a role, by themselves or by a team."""
    own, by_team, mine = resource_group_members.c, resource_group_teams.c, team_members.c
    return sa.union_all(
        sa.select(own.group_id).where(own.user_id == account.id, own.role != NO_ACCESS),
        sa.select(by_team.group_id)
        .join(team_members, mine.team_id == by_team.team_id)
        .where(mine.user_id == account.id, by_team.role != NO_ACCESS),
    )


def _of_teams(account: Account) -> sa.Select[tuple[int]]:
    c, mine = collaborators.c, team_members.c
    return (
        sa.select(c.repo_id)
        .join(team_members, mine.team_id == c.team_id)
        .where(mine.user_id == account.id, _in_force(clock.now()))
    )


def _said(by: str, role: sa.ColumnElement[str]) -> Any:
    return sa.select(sa.literal_column(f"'{by}'").label("by"), role.label("role"))


def _in_group() -> sa.CompoundSelect[tuple[str]]:
    own, by_team, mine = resource_group_members.c, resource_group_teams.c, team_members.c
    group_id: sa.BindParameter[int] = sa.bindparam("group_id")
    user_id: sa.BindParameter[int] = sa.bindparam("user_id")
    return sa.union_all(
        sa.select(own.role).where(own.group_id == group_id, own.user_id == user_id),
        sa.select(by_team.role)
        .join(team_members, mine.team_id == by_team.team_id)
        .where(by_team.group_id == group_id, mine.user_id == user_id),
    )


def _on_repository() -> sa.CompoundSelect[Any]:
    """Every role that there is, and by what, in one question: each part is a look into an index."""
    member, grouped, named, mine = (
        memberships.c,
        resource_group_repositories.c,
        collaborators.c,
        team_members.c,
    )
    own, by_team = resource_group_members.c, resource_group_teams.c
    user_id: sa.BindParameter[int] = sa.bindparam("user_id")
    repo_id: sa.BindParameter[int] = sa.bindparam("repo_id")
    here = (named.repo_id == repo_id, _in_force(sa.bindparam("now", type_=named.expires_at.type)))
    return sa.union_all(
        _said("member", member.role).where(
            member.org_id == sa.bindparam("org_id"), member.user_id == user_id
        ),
        # Who is not in the repository's group has no more than this there.
        _said("group", sa.literal_column(f"'{NO_ACCESS}'")).where(grouped.repo_id == repo_id),
        _said("group", own.role)
        .join_from(
            resource_group_repositories, resource_group_members, own.group_id == grouped.group_id
        )
        .where(grouped.repo_id == repo_id, own.user_id == user_id),
        _said("group", by_team.role)
        .join_from(
            resource_group_repositories, resource_group_teams, by_team.group_id == grouped.group_id
        )
        .join(team_members, mine.team_id == by_team.team_id)
        .where(grouped.repo_id == repo_id, mine.user_id == user_id),
        _said("named", named.role).where(*here, named.user_id == user_id),
        _said("team", named.role)
        .join_from(collaborators, team_members, mine.team_id == named.team_id)
        .where(*here, mine.user_id == user_id),
    )


_IN_GROUP = _in_group()
_ON_REPOSITORY = _on_repository()
