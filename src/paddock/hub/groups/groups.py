"""Resource groups of an organisation: made, found, changed, and who may know of or change one.

Knows a group's own row. The caller's right to change groups was asked by whoever calls, except for
what a group's own admins may do, which ``require_admin`` answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Forbidden, NotFound, shown
from paddock.hub import access
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.errors import AlreadyExists
from paddock.hub.groups.roles import check_role, role_in_group
from paddock.hub.groups.tables import resource_groups
from paddock.hub.people import accounts, scopes
from paddock.hub.people.accounts import new_public_id
from paddock.hub.types import Account, Caller

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
    note(conn, Act.ORG_GROUP, account=org, group=str(values["public_id"]), what="create")
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
        raise _not_found(org, public_id)
    return _to_group(row)


def open_group(conn: sa.Connection, caller: Caller, org: Account, public_id: str) -> Group:
    """The group of this id, if the caller may know of it; raises GroupNotFound."""
    group = get_group(conn, org, public_id)
    if not may_see(conn, caller, org, group):
        raise _not_found(org, public_id)
    return group


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
    note(conn, Act.ORG_GROUP, account=group.org_id, group=group.public_id, what="change")


def set_auto_join(conn: sa.Connection, group: Group, role: str | None) -> None:
    """Let everyone who joins the organisation join the group with this role, or nobody."""
    _update(conn, group, {"auto_join_role": None if role is None else check_role(role)})
    note(conn, Act.ORG_GROUP, account=group.org_id, group=group.public_id, what="join", role=role)


def delete_group(conn: sa.Connection, group: Group) -> None:
    """Forget a group; its repositories are the organisation's like any other."""
    conn.execute(resource_groups.delete().where(resource_groups.c.id == group.id))
    note(conn, Act.ORG_GROUP, account=group.org_id, group=group.public_id, what="delete")


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


def _update(conn: sa.Connection, group: Group, values: dict[str, str | None]) -> None:
    change = resource_groups.update().where(resource_groups.c.id == group.id)
    conn.execute(change.values(**values))


def _require_free(conn: sa.Connection, org_id: int, name: str) -> None:
    c = resource_groups.c
    query = sa.select(c.id).where(c.org_id == org_id, c.key == name.lower())
    if conn.scalar(query) is not None:
        raise AlreadyExists(f"a resource group named {shown(name)} already exists")


def _not_found(org: Account, public_id: str) -> GroupNotFound:
    return GroupNotFound(f"{org.name} has no resource group {shown(public_id)}")


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
