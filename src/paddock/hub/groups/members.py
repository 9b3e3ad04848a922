"""The people in a resource group, each with a role in it: all of them members of its organisation.

Knows rows; who may change them was asked by whoever calls.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.groups.groups import Group, groups_of
from paddock.hub.groups.roles import check_role, role_in_group
from paddock.hub.groups.tables import resource_group_members, resource_groups
from paddock.hub.people import accounts
from paddock.hub.people.accounts import Member, to_account
from paddock.hub.tables import accounts as account_rows
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


def remove_member(conn: sa.Connection, group: Group, user: Account) -> None:
    """Take somebody out of the group; nothing happens when they are not in it."""
    c = resource_group_members.c
    gone = resource_group_members.delete()
    conn.execute(gone.where(c.group_id == group.id, c.user_id == user.id))


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
