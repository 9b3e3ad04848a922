"""What role somebody has on a repository: their own, their organisation's, or their group's.

Knows memberships and resource groups, as a question about one repository and as a condition for
lists. Does not know tokens: what a role allows, and whether a token reaches so far, is ``access``'s
business.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub.groups.tables import resource_group_members, resource_group_repositories
from paddock.hub.people import accounts
from paddock.hub.tables import memberships, repositories
from paddock.hub.types import Account, Repository

ROLES = accounts.ORG_ROLES
WRITING_ROLES = frozenset({"admin", "write"})
CREATING_ROLES = WRITING_ROLES | {"contributor"}
NO_ACCESS = "no_access"  # a member for the sake of resource groups alone


def check_role(role: str) -> str:
    """The role, if a group has such a one; raises BadInput."""
    if role not in ROLES:
        raise BadInput(f"no role is named {shown(role)}", hint=f"use one of {', '.join(ROLES)}")
    return role


def role_on(conn: sa.Connection, account: Account, repo: Repository) -> str | None:
    """A user's role as far as this repository goes; everything in one's own namespace is one's own.

    None for those who have nothing to do with it.
    """
    if repo.namespace_id == account.id:
        return "admin"
    role = accounts.role_in(conn, repo.namespace_id, account)
    if role is None or role == "admin":
        return role
    group_id = group_of(conn, repo.id)
    if group_id is not None:
        role = role_in_group(conn, group_id, account)
    return None if role == NO_ACCESS else role


def group_of(conn: sa.Connection, repo_id: int) -> int | None:
    """The resource group that a repository is in."""
    c = resource_group_repositories.c
    return conn.execute(sa.select(c.group_id).where(c.repo_id == repo_id)).scalar_one_or_none()


def role_in_group(conn: sa.Connection, group_id: int, user: Account) -> str | None:
    """A user's role in a resource group; of the organisation itself nothing is asked."""
    c = resource_group_members.c
    query = sa.select(c.role).where(c.group_id == group_id, c.user_id == user.id)
    return conn.execute(query).scalar_one_or_none()


def is_of(account: Account) -> sa.ColumnElement[bool]:
    """``role_on`` as a condition: what has something to do with a user."""
    repo, member, grouped = repositories.c, memberships.c, resource_group_repositories.c
    orgs = sa.select(member.org_id).where(member.user_id == account.id)
    in_group = sa.select(grouped.repo_id).join(
        resource_group_members, resource_group_members.c.group_id == grouped.group_id
    )
    my_groups = in_group.where(
        resource_group_members.c.user_id == account.id,
        resource_group_members.c.role != NO_ACCESS,
    )
    return sa.or_(
        repo.namespace_id == account.id,
        repo.namespace_id.in_(orgs.where(member.role == "admin")),
        sa.and_(
            repo.namespace_id.in_(orgs.where(member.role != NO_ACCESS)),
            sa.not_(sa.exists().where(grouped.repo_id == repo.id).correlate(repositories)),
        ),
        sa.and_(repo.namespace_id.in_(orgs), repo.id.in_(my_groups)),
    )
