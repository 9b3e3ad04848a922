"""Service accounts: users that are no people, but programs of an organisation.

Knows who owns one and whether it may have tokens. It is a user like others where roles are asked
for, is a member of its organisation and of no other, never an admin, and has no password: nobody
signs in as one. Its tokens are fine-grained and end (``tokens``). Who may change one was asked by
whoever calls.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Conflict, NotFound, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people import accounts
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import accounts as account_rows
from paddock.hub.tables import memberships, service_accounts, tokens
from paddock.hub.types import Account

MAX_SERVICE_ACCOUNTS = 100  # of one organisation
ROLES = ("write", "contributor", "read", "no_access")


class ServiceAccountNotFound(NotFound):
    """The organisation has no such service account."""

    code = "service_account_not_found"


class ServiceAccountDisabled(Conflict):
    """The service account is disabled, and gets no tokens."""

    code = "service_account_disabled"


class ServiceAccount(NamedTuple):
    """A program's account."""

    user: Account
    role: str  # in the organisation
    disabled_at: datetime | None
    last_used_at: datetime | None  # of any token that it has now
    tokens: int


def create(
    conn: sa.Connection, org: Account, name: str, full_name: str | None, role: str, by: Account
) -> ServiceAccount:
    """A new one of the organisation; raises BadInput, BadName, AlreadyExists and the like."""
    _check_role(role)
    if not name.lower().startswith(f"{org.name.lower()}-"):
        raise BadInput(
            f"{shown(name)} does not say whose program it is",
            hint=f"begin the name with {org.name}-",
        )
    if len(of_org(conn, org)) >= MAX_SERVICE_ACCOUNTS:
        raise BadInput(f"{org.name} has {MAX_SERVICE_ACCOUNTS} service accounts")
    user = accounts.create_user(conn, name, full_name=full_name)
    values = {"user_id": user.id, "org_id": org.id, "created_by_id": by.id}
    conn.execute(service_accounts.insert().values(**values))
    accounts.set_role(conn, org, user, role)
    return get(conn, org, name)


def of_org(conn: sa.Connection, org: Account) -> list[ServiceAccount]:
    """An organisation's, by name."""
    query = _select().where(service_accounts.c.org_id == org.id).order_by(account_rows.c.key)
    return [_to_service(row) for row in conn.execute(query).mappings()]


def get(conn: sa.Connection, org: Account, name: str) -> ServiceAccount:
    """The one of this name; raises ServiceAccountNotFound."""
    row = None
    if accounts.is_askable(name):
        mine = service_accounts.c.org_id == org.id
        query = _select().where(mine, account_rows.c.key == name.lower())
        row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise ServiceAccountNotFound(f"{org.name} has no service account {shown(name)}")
    return _to_service(row)


def set_role(conn: sa.Connection, org: Account, one: ServiceAccount, role: str) -> None:
    """Let it do more, or less, with the organisation's repositories."""
    accounts.set_role(conn, org, one.user, _check_role(role))


def disable(conn: sa.Connection, one: ServiceAccount) -> None:
    """End all of its tokens at once; it gets no others until it is enabled."""
    conn.execute(tokens.delete().where(tokens.c.user_id == one.user.id))
    _set_disabled(conn, one, clock.now())
    note(conn, Act.ORG_MEMBER, account=one.user, what="disable")


def enable(conn: sa.Connection, one: ServiceAccount) -> None:
    """Let it have tokens again."""
    _set_disabled(conn, one, None)
    note(conn, Act.ORG_MEMBER, account=one.user, what="enable")


def owner_of(conn: sa.Connection, user: Account) -> Account | None:
    """The organisation whose program this is; None for people."""
    s = service_accounts.c
    query = sa.select(account_rows).join(service_accounts, s.org_id == account_rows.c.id)
    row = conn.execute(query.where(s.user_id == user.id)).mappings().one_or_none()
    return to_account(row) if row else None


def among(conn: sa.Connection, user_ids: list[int]) -> set[int]:
    """Those of the users that are programs."""
    c = service_accounts.c
    return set(conn.execute(sa.select(c.user_id).where(c.user_id.in_(user_ids))).scalars())


def require_person(conn: sa.Connection, user: Account) -> None:
    """Raise BadInput for a program, which cannot do what only people do."""
    owner = owner_of(conn, user)
    if owner is not None:
        raise BadInput(
            f"{user.name} is a service account of {owner.name}", hint="only people can do this"
        )


def require_of(conn: sa.Connection, user: Account, org_id: int) -> None:
    """Raise BadInput for a program of another organisation."""
    owner = owner_of(conn, user)
    if owner is not None and owner.id != org_id:
        raise BadInput(f"{user.name} is a service account of {owner.name}, and of use only there")


def require_enabled(conn: sa.Connection, user: Account) -> bool:
    """Whether this is a program; raises ServiceAccountDisabled for one that is disabled."""
    s = service_accounts.c
    row = conn.execute(sa.select(s.disabled_at).where(s.user_id == user.id)).one_or_none()
    if row is not None and row.disabled_at is not None:
        raise ServiceAccountDisabled(f"{user.name} is disabled", hint="enable it first")
    return row is not None


def _set_disabled(conn: sa.Connection, one: ServiceAccount, moment: datetime | None) -> None:
    change = service_accounts.update().where(service_accounts.c.user_id == one.user.id)
    conn.execute(change.values(disabled_at=moment))


def _check_role(role: str) -> str:
    if role not in ROLES:
        raise BadInput(
            f"a service account cannot be {shown(role)}", hint=f"use one of {', '.join(ROLES)}"
        )
    return role


def _select() -> sa.Select[tuple[object, ...]]:
    s, m, t = service_accounts.c, memberships.c, tokens.c
    held = sa.select(sa.func.count()).where(t.user_id == s.user_id).scalar_subquery()
    used = sa.select(sa.func.max(t.last_used_at)).where(t.user_id == s.user_id).scalar_subquery()
    return (
        sa.select(account_rows, s.disabled_at, m.role)
        .add_columns(held.label("tokens"), used.label("used"))
        .select_from(service_accounts)
        .join(account_rows, account_rows.c.id == s.user_id)
        .join(memberships, sa.and_(m.user_id == s.user_id, m.org_id == s.org_id))
    )


def _to_service(row: sa.RowMapping) -> ServiceAccount:
    return ServiceAccount(
        user=to_account(row),
        role=row[memberships.c.role],
        disabled_at=row[service_accounts.c.disabled_at],
        last_used_at=row["used"],
        tokens=row["tokens"],
    )
