"""The people and teams in a resource group, each with a role in it: all of its organisation.

Knows rows; who may change them was asked by whoever calls.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.groups.groups import Group, groups_of
from paddock.hub.groups.roles import check_role, role_in_group
from paddock.hub.groups.tables import (
    resource_group_members,
    resource_group_teams,
    resource_groups,
)
from paddock.hub.people import accounts
from paddock.hub.people.accounts import Member, to_account
from paddock.hub.tables import accounts as account_rows
from paddock.hub.teams.tables import teams
from paddock.hub.teams.teams import Team
from paddock.hub.types import Account


def members_of(conn: sa.Connection, group: Group) -> list[Member]:
    """A group's members, by name."""
    m = resource_group_members
    query = (
        sa.select(account_rows, m.c.role)
        .join(m, m.c.user_id == account_rows.c.id)
        .where(m.c.group_id == group.id)
        .order_by(account_rows.c.key)
    )
    return [Member(to_account(row), row["role"]) for row in conn.execute(query).mappings()]


def set_member(
    conn: sa.Connection, group: Group, user: Account, role: str, added_by: Account | None
) -> None:
    """Give a member of the organisation a role in the group."""
    check_role(role)
    if accounts.role_in(conn, group.org_id, user) is None:
        raise BadInput(
            f"{user.name} is not a member of the organization",
            hint="add them to the organization first; its role no_access gives nothing by itself",
        )
    remove_member(conn, group, user)
    values = {"group_id": group.id, "user_id": user.id, "role": role}
    by = added_by.name if added_by else None
    conn.execute(resource_group_members.insert().values(**values, added_by=by))
    note(conn, Act.ORG_GROUP, group=group.public_id, account=user, role=role)


def remove_member(conn: sa.Connection, group: Group, user: Account) -> None:
    """Take somebody out of the group; nothing happens when they are not in it."""
    c = resource_group_members.c
    gone = resource_group_members.delete()
    conn.execute(gone.where(c.group_id == group.id, c.user_id == user.id))
    note(conn, Act.ORG_GROUP, group=group.public_id, account=user, what="remove")


def teams_in(conn: sa.Connection, group: Group) -> list[tuple[str, str]]:
    """A group's teams and their roles, by name."""
    t, held = teams.c, resource_group_teams.c
    query = (
        sa.select(t.name, held.role)
        .join(resource_group_teams, held.team_id == t.id)
        .where(held.group_id == group.id)
        .order_by(t.key)
    )
    return [(row.name, row.role) for row in conn.execute(query)]


def set_team(conn: sa.Connection, group: Group, team: Team, role: str) -> None:
    """Give everybody in a team of the organisation a role in the group."""
    check_role(role)
    if team.org_id != group.org_id:
        raise BadInput(f"{team.name} is not a team of the group's organization")
    remove_team(conn, group, team)
    values = {"group_id": group.id, "team_id": team.id, "role": role}
    conn.execute(resource_group_teams.insert().values(**values))
    note(conn, Act.ORG_GROUP, group=group.public_id, team=team.name, role=role)


def remove_team(conn: sa.Connection, group: Group, team: Team) -> None:
    """Take a team out of the group; nothing happens when it is not in it."""
    c = resource_group_teams.c
    conn.execute(resource_group_teams.delete().where(c.group_id == group.id, c.team_id == team.id))
    note(conn, Act.ORG_GROUP, group=group.public_id, team=team.name, what="remove")


def join_automatically(conn: sa.Connection, org: Account, user: Account) -> None:
    """Put somebody who just joined the organisation into its groups that want everyone."""
    for group in groups_of(conn, org):
        if group.auto_join_role and role_in_group(conn, group.id, user) is None:
            set_member(conn, group, user, group.auto_join_role, None)


def leave_all(conn: sa.Connection, org_id: int, users: Sequence[int]) -> None:
    """Take people who left an organisation out of its groups."""
    groups = sa.select(resource_groups.c.id).where(resource_groups.c.org_id == org_id)
    c = resource_group_members.c
    gone = resource_group_members.delete()
    conn.execute(gone.where(c.group_id.in_(groups), c.user_id.in_(users)))
