"""Resource groups of an organisation: made, changed, filled with people and repositories.

Knows the rows and what may be in them; who may change them was asked by whoever calls, except for
what a group's own admins may do, which ``require_admin`` answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Forbidden, NotFound, shown
from paddock.hub import access, lookup
from paddock.hub.errors import AlreadyExists
from paddock.hub.groups.roles import role_in_group
from paddock.hub.groups.tables import (
    resource_group_members,
    resource_group_repositories,
    resource_groups,
)
from paddock.hub.people import accounts, scopes
from paddock.hub.people.accounts import Member, new_public_id, to_account
from paddock.hub.tables import accounts as account_rows
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Repository

ROLES = accounts.ORG_ROLES
MAX_NAME_CHARS = 200
MAX_DESCRIPTION_CHARS = 500
MAX_GROUPS = 1000  # of one organisation


class GroupNotFound(NotFound):
    """The organisation has no such resource group, or the caller may not know of it."""

    code = "resource_group_not_found"


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group."""

    id: int
    public_id: str
    org_id: int
    name: str
    description: str | None
    auto_join_role: str | None


class GroupChange(NamedTuple):
    """What shall be different; None leaves it as it is."""

    name: str | None = None
    description: str | None = None


def create_group(conn: sa.Connection, org: Account, wanted: GroupChange) -> Group:
    """A new group without members or repositories; raises AlreadyExists or BadInput."""
    name = _check_name(wanted.name or "")
    c = resource_groups.c
    count = sa.select(sa.func.count()).where(c.org_id == org.id)
    if (conn.scalar(count) or 0) >= MAX_GROUPS:
        raise BadInput(f"{org.name} has {MAX_GROUPS} resource groups already")
    _require_free(conn, org.id, name)
    values = {
        "public_id": new_public_id(),
        "org_id": org.id,
        "name": name,
        "key": name.lower(),
        "description": _check_description(wanted.description),
        "created_at": clock.now(),
    }
    insert = resource_groups.insert().values(**values).returning(resource_groups)
    return _to_group(conn.execute(insert).mappings().one())


def groups_of(conn: sa.Connection, org: Account) -> list[Group]:
    """An organisation's groups, by name."""
    c = resource_groups.c
    query = sa.select(resource_groups).where(c.org_id == org.id).order_by(c.key)
    return [_to_group(row) for row in conn.execute(query).mappings()]


def find_group(conn: sa.Connection, org: Account, public_id: str | None) -> Group | None:
    """The group of this id, None for no id; raises GroupNotFound."""
    return None if public_id is None else get_group(conn, org, public_id)


def get_group(conn: sa.Connection, org: Account, public_id: str) -> Group:
    """The group of this id in this organisation; raises GroupNotFound."""
    c = resource_groups.c
    query = sa.select(resource_groups).where(c.org_id == org.id, c.public_id == public_id)
    row = None
    if accounts.is_askable(public_id):
        row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise GroupNotFound(f"{org.name} has no resource group {shown(public_id)}")
    return _to_group(row)


def group_with_id(conn: sa.Connection, group_id: int) -> Group:
    """The group of a row's foreign key."""
    query = sa.select(resource_groups).where(resource_groups.c.id == group_id)
    return _to_group(conn.execute(query).mappings().one())


def change_group(conn: sa.Connection, group: Group, wanted: GroupChange) -> None:
    """Rename or describe a group."""
    values: dict[str, str | None] = {}
    if wanted.name is not None:
        name = _check_name(wanted.name)
        if name.lower() != group.name.lower():
            _require_free(conn, group.org_id, name)
        values |= {"name": name, "key": name.lower()}
    if wanted.description is not None:
        values["description"] = _check_description(wanted.description)
    if values:
        _update(conn, group, values)


def set_auto_join(conn: sa.Connection, group: Group, role: str | None) -> None:
    """Let everyone who joins the organisation join the group with this role, or nobody."""
    _update(conn, group, {"auto_join_role": None if role is None else check_role(role)})


def delete_group(conn: sa.Connection, group: Group) -> None:
    """Forget a group; its repositories are the organisation's like any other."""
    conn.execute(resource_groups.delete().where(resource_groups.c.id == group.id))


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


def repositories_of(conn: sa.Connection, caller: Caller, group: Group) -> list[Repository]:
    """The group's repositories that the caller may see, by name."""
    c = resource_group_repositories.c
    query = (
        sa.select(repositories)
        .join(resource_group_repositories, c.repo_id == repositories.c.id)
        .where(c.group_id == group.id, access.visible_to(caller))
        .order_by(repositories.c.key, repositories.c.kind)
    )
    return [lookup.to_repository(row) for row in conn.execute(query).mappings()]


def put_repository(
    conn: sa.Connection, group: Group, repo: Repository, added_by: Account | None
) -> None:
    """Put a repository of the organisation into the group, out of any other."""
    if repo.namespace_id != group.org_id:
        raise BadInput(f"{repo.full_name} is not a repository of the group's organization")
    take_out_repository(conn, repo)
    by = added_by.name if added_by else None
    values = {"repo_id": repo.id, "group_id": group.id, "added_by": by}
    conn.execute(resource_group_repositories.insert().values(**values))


def take_out_repository(conn: sa.Connection, repo: Repository) -> None:
    """Let a repository be in no group; nothing happens when it is in none."""
    c = resource_group_repositories.c
    conn.execute(resource_group_repositories.delete().where(c.repo_id == repo.id))


def require_admin(conn: sa.Connection, caller: Caller, org: Account, group: Group) -> Account:
    """The caller, who may administer the group; raises Unauthorized or Forbidden."""
    user = access.require_writing_token(caller)
    if access.may_administer(conn, caller, org, scopes.WRITE_GROUPS):
        return user
    is_member = accounts.role_in(conn, org.id, user) is not None
    if not is_member or role_in_group(conn, group.id, user) != "admin":
        raise Forbidden(f"you may not change the resource group {group.name}")
    return user


def may_see(conn: sa.Connection, caller: Caller, org: Account, group: Group) -> bool:
    """Whether the caller may know of the group: its members and the organisation's admins do."""
    user = caller.account
    if user is None:
        return False
    role = accounts.role_in(conn, org.id, user)
    if access.is_site_admin(caller) or role == "admin":
        return True
    return role is not None and role_in_group(conn, group.id, user) is not None


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


def check_role(role: str) -> str:
    """The role, if a group has such a one; raises BadInput."""
    if role not in ROLES:
        raise BadInput(f"no role is named {shown(role)}", hint=f"use one of {', '.join(ROLES)}")
    return role


def _update(conn: sa.Connection, group: Group, values: dict[str, str | None]) -> None:
    change = resource_groups.update().where(resource_groups.c.id == group.id)
    conn.execute(change.values(**values))


def _require_free(conn: sa.Connection, org_id: int, name: str) -> None:
    c = resource_groups.c
    query = sa.select(c.id).where(c.org_id == org_id, c.key == name.lower())
    if conn.scalar(query) is not None:
        raise AlreadyExists(f"a resource group named {shown(name)} already exists")


def _check_name(name: str) -> str:
    if not 1 <= len(name.strip()) <= MAX_NAME_CHARS or not name.isprintable():
        raise BadInput(
            f"{shown(name)} cannot be the name of a resource group",
            hint=f"use 1 to {MAX_NAME_CHARS} printable characters",
        )
    return name.strip()


def _check_description(text: str | None) -> str | None:
    if text is not None and (len(text) > MAX_DESCRIPTION_CHARS or "\0" in text):
        raise BadInput(f"a description has at most {MAX_DESCRIPTION_CHARS} characters")
    return text or None


def _to_group(row: sa.RowMapping) -> Group:
    c = resource_groups.c
    return Group(
        id=row[c.id],
        public_id=row[c.public_id],
        org_id=row[c.org_id],
        name=row[c.name],
        description=row[c.description],
        auto_join_role=row[c.auto_join_role],
    )
