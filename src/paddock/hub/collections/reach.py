"""Who may see a collection, and who may change it.

A private collection of an organisation is for its members; one that belongs to a resource group is
for that group's members and the organisation's admins. A fine-grained token reaches the owners for
whom it was given a permission on collections.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.collections.tables import collections
from paddock.hub.groups.roles import CREATING_ROLES, NO_ACCESS
from paddock.hub.groups.tables import resource_group_members, resource_groups
from paddock.hub.people import accounts
from paddock.hub.people.scopes import ACCOUNT, READ_COLLECTIONS, WRITE_COLLECTIONS
from paddock.hub.tables import memberships
from paddock.hub.types import Account, Caller


def visible_to(caller: Caller, of: sa.FromClause = collections) -> sa.ColumnElement[bool]:
    """Whether the caller may know of a collection, as a condition on ``collections``."""
    if access.is_site_admin(caller):
        return sa.true()
    public = sa.not_(of.c.is_private)
    if caller.account is None:
        return public
    mine = _is_of(caller.account, of)
    if caller.scopes is not None:
        held = {READ_COLLECTIONS, WRITE_COLLECTIONS}
        owners = [
            id_ for (kind, id_), may in caller.scopes.on.items() if kind == ACCOUNT and may & held
        ]
        mine = sa.and_(mine, of.c.owner_id.in_(owners))
    return sa.or_(public, mine)


def may_collect(conn: sa.Connection, caller: Caller, owner: Account) -> bool:
    """Whether the caller may make collections of this owner."""
    user = caller.account
    if user is None or not caller.may_write:
        return False
    bounds = caller.scopes
    if bounds is not None and not bounds.holds(WRITE_COLLECTIONS, (ACCOUNT, owner.id)):
        return False
    if user.id == owner.id or access.is_site_admin(caller):
        return True
    return accounts.role_in(conn, owner.id, user) in CREATING_ROLES


def may_change(conn: sa.Connection, caller: Caller, owner: Account, creator_id: int | None) -> bool:
    """Whether the caller may change a collection: contributors change those that they made."""
    user = caller.account
    if user is None or not may_collect(conn, caller, owner):
        return False
    role = accounts.role_in(conn, owner.id, user)
    return role != "contributor" or creator_id == user.id


def _is_of(account: Account, of: sa.FromClause) -> sa.ColumnElement[bool]:
    member = memberships.c
    orgs = sa.select(member.org_id).where(member.user_id == account.id)
    groups = (
        sa.select(resource_groups.c.public_id)
        .join(resource_group_members, resource_group_members.c.group_id == resource_groups.c.id)
        .where(
            resource_group_members.c.user_id == account.id,
            resource_group_members.c.role != NO_ACCESS,
        )
    )
    is_theirs: sa.ColumnElement[bool] = of.c.owner_id == account.id
    return sa.or_(
        is_theirs,
        of.c.owner_id.in_(orgs.where(member.role == "admin")),
        sa.and_(
            of.c.resource_group_id.is_(None),
            of.c.owner_id.in_(orgs.where(member.role != NO_ACCESS)),
        ),
        sa.and_(of.c.owner_id.in_(orgs), of.c.resource_group_id.in_(groups)),
    )
