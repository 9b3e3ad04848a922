"""The members of an organisation: in pages, and as its admins change them.

An organisation always has an admin: the last one can neither leave nor become less. Whoever changes
its members holds its row, so two admins who leave at once cannot both go.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.errors import Conflict, Forbidden, NotFound, shown
from paddock.hub import access
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.errors import AlreadyExists
from paddock.hub.groups import members as groups
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people import accounts as people
from paddock.hub.people import scopes, service_accounts
from paddock.hub.people.accounts import Member
from paddock.hub.tables import accounts, memberships
from paddock.hub.teams import members as teams
from paddock.hub.types import Account, Caller


class NotAMember(NotFound):
    """The user is not a member of the organisation."""

    code = "not_a_member"


class LastAdmin(Conflict):
    """The organisation would be left without an admin."""

    code = "last_admin"


def count_members(conn: sa.Connection, org: Account) -> int:
    """How many users belong to an organisation."""
    query = sa.select(sa.func.count()).where(memberships.c.org_id == org.id)
    return int(conn.execute(query).scalar_one())


def list_members(conn: sa.Connection, org: Account, part: Part) -> Page[Member]:
    """An organisation's users, by name; raises BadInput for a cursor that is none."""
    query = (
        sa.select(accounts, memberships.c.role)
        .join(memberships, memberships.c.user_id == accounts.c.id)
        .where(memberships.c.org_id == org.id)
    )
    by_name = Order((accounts.c.key,), (str,), descending=False)
    return read_page(conn, query, by_name, part, _to_member)


def require_admin(
    conn: sa.Connection, caller: Caller, org: Account, permission: str = scopes.WRITE_ORG
) -> Account:
    """The caller, who may change the organisation; raises Unauthorized or Forbidden.

    ``permission`` is what a fine-grained token needs for it.
    """
    user = access.require_writing_token(caller)
    if not access.may_administer(conn, caller, org, permission):
        raise Forbidden(f"only an admin of {org.name} may do this")
    return user


def add_member(conn: sa.Connection, org: Account, user: Account, role: str) -> None:
    """Make a user a member; raises AlreadyExists for one who is."""
    _hold(conn, org)
    if people.role_in(conn, org.id, user) is not None:
        raise AlreadyExists(f"{user.name} is already a member of {org.name}")
    service_accounts.require_person(conn, user)
    people.set_role(conn, org, user, role)
    groups.join_automatically(conn, org, user)


def change_role(conn: sa.Connection, org: Account, user: Account, role: str) -> None:
    """Let a member do more, or less; raises NotAMember or LastAdmin."""
    _hold(conn, org)
    _require_member(conn, org, user)
    service_accounts.require_person(conn, user)
    if role != "admin":
        _require_other_admin(conn, org, user)
    people.set_role(conn, org, user, role)


def remove_member(conn: sa.Connection, org: Account, user: Account) -> None:
    """End a membership; raises NotAMember or LastAdmin."""
    _hold(conn, org)
    _require_member(conn, org, user)
    service_accounts.require_person(conn, user)
    _require_other_admin(conn, org, user)
    people.remove_member(conn, org, user)
    groups.leave_all(conn, org.id, [user.id])
    teams.leave_all(conn, org.id, [user.id])
    note(conn, Act.ORG_MEMBER, account=org, user=user.name)


def _to_member(row: sa.RowMapping) -> Member:
    return Member(people.to_account(row), row[memberships.c.role])


def _hold(conn: sa.Connection, org: Account) -> None:
    row = sa.select(accounts.c.id).where(accounts.c.id == org.id)
    conn.execute(row.with_for_update(key_share=True))


def _require_member(conn: sa.Connection, org: Account, user: Account) -> None:
    if people.role_in(conn, org.id, user) is None:
        raise NotAMember(f"{shown(user.name)} is not a member of {org.name}")


def _require_other_admin(conn: sa.Connection, org: Account, user: Account) -> None:
    admins = sa.select(memberships.c.user_id).where(
        memberships.c.org_id == org.id, memberships.c.role == "admin"
    )
    found = set(conn.execute(admins).scalars())
    if found <= {user.id}:
        raise LastAdmin(
            f"{user.name} is the last admin of {org.name}", hint="make somebody else admin first"
        )
