"""Accounts: users, organisations, and who belongs to which with what role.

Knows names, roles and rows; does not know tokens or repositories. Users and organisations share one
space of names, because a repository's address does not say which of the two its namespace is.
"""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from paddock import clock
from paddock.errors import BadInput, NotFound, shown
from paddock.hub import names
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.errors import AlreadyExists
from paddock.hub.people import kept_names
from paddock.hub.people.emails import email_key
from paddock.hub.people.passwords import hash_password
from paddock.hub.tables import accounts, memberships
from paddock.hub.types import Account

# Strongest first; with no_access somebody is a member for the sake of resource groups alone.
ORG_ROLES = ("admin", "write", "contributor", "read", "no_access")
MAX_FULL_NAME_CHARS = 200


class Membership(NamedTuple):
    """An organisation a user belongs to, and as what."""

    org: Account
    role: str


class Member(NamedTuple):
    """A user of an organisation, and as what."""

    user: Account
    role: str


class AccountNotFound(NotFound):
    """No user or organisation has this name."""

    code = "account_not_found"


def create_user(  # noqa: PLR0913  (what an account is made of)
    conn: sa.Connection,
    name: str,
    *,
    full_name: str | None = None,
    email: str | None = None,
    is_admin: bool = False,
    password: str | None = None,
    allow_similar: bool = False,
) -> Account:
    """A new user; raises BadName, BadPassword or AlreadyExists.

    And NameKept, or NameTooLike unless ``allow_similar``.
    """
    return _create(
        conn,
        name,
        _Taking(allow_similar=allow_similar),
        kind="user",
        full_name=_clean_full_name(full_name) or name,
        email=email,
        email_key=None if email is None else email_key(email),
        is_admin=is_admin,
        password_hash=None if password is None else hash_password(password),
    )


def create_org(
    conn: sa.Connection,
    name: str,
    *,
    owner: Account,
    full_name: str | None = None,
    private_by_default: bool = False,
    allow_similar: bool = False,
) -> Account:
    """A new organisation with ``owner`` as its first admin; raises BadName or AlreadyExists."""
    org = _create(
        conn,
        name,
        _Taking(keeper_id=owner.id, allow_similar=allow_similar),
        kind="org",
        full_name=_clean_full_name(full_name) or name,
        private_by_default=private_by_default,
    )
    set_role(conn, org, owner, "admin")
    return org


def create_mirrored_namespace(conn: sa.Connection, name: str) -> Account:
    """An organisation of nobody, which the mirror of another hub fills; raises BadName."""
    return _create(conn, name, _Taking(allow_similar=True), kind="org", full_name=name)


def find_account(conn: sa.Connection, name: str) -> Account | None:
    """The user or organisation of this name, in any case."""
    query = sa.select(accounts).where(accounts.c.key == names.account_key(name))
    row = conn.execute(query).mappings().one_or_none() if is_askable(name) else None
    return to_account(row) if row else None


def get_account(conn: sa.Connection, name: str, *, kind: str | None = None) -> Account:
    """The account of this name; raises AccountNotFound, also when it is not of this ``kind``."""
    found = find_account(conn, name)
    if found is None or (kind is not None and found.kind != kind):
        what = {"user": "user", "org": "organization"}.get(kind or "", "account")
        raise AccountNotFound(f"there is no {what} named {shown(name)}")
    return found


def orgs_of(conn: sa.Connection, account: Account) -> list[Membership]:
    """The organisations a user belongs to, by name."""
    query = (
        sa.select(accounts, memberships.c.role)
        .join(memberships, memberships.c.org_id == accounts.c.id)
        .where(memberships.c.user_id == account.id)
        .order_by(accounts.c.key)
    )
    return [Membership(to_account(row), row["role"]) for row in conn.execute(query).mappings()]


def role_in(conn: sa.Connection, org_id: int, user: Account) -> str | None:
    """A user's role in an organisation, or None for an outsider."""
    query = sa.select(memberships.c.role).where(
        memberships.c.org_id == org_id, memberships.c.user_id == user.id
    )
    return conn.execute(query).scalar_one_or_none()


def set_role(conn: sa.Connection, org: Account, user: Account, role: str) -> None:
    """Make ``user`` a member of ``org``, or change what they may do there."""
    if role not in ORG_ROLES:
        raise BadInput(f"no role is named {shown(role)}", hint=f"use one of {ORG_ROLES}")
    if org.kind != "org" or user.kind != "user":
        raise BadInput(f"{user.name} cannot be a member of {org.name}: users join organizations")
    remove_member(conn, org, user)
    conn.execute(memberships.insert().values(org_id=org.id, user_id=user.id, role=role))
    note(conn, Act.ORG_MEMBER, account=org, user=user.name, role=role)


def remove_member(conn: sa.Connection, org: Account, user: Account) -> None:
    """End a membership; nothing happens when there is none."""
    conn.execute(
        memberships.delete().where(memberships.c.org_id == org.id, memberships.c.user_id == user.id)
    )


def new_public_id() -> str:
    """24 random hex digits: the Hub's form for the ids of users, repositories and the like."""
    return secrets.token_hex(12)


def is_askable(name: str) -> bool:
    """Whether a database can be asked for this name at all (PostgreSQL text holds no NUL)."""
    return "\0" not in name and name.isascii()


def to_account(row: sa.RowMapping) -> Account:
    """An account from its row."""
    return Account(
        id=row[accounts.c.id],
        public_id=row[accounts.c.public_id],
        kind=row[accounts.c.kind],
        name=row[accounts.c.name],
        full_name=row[accounts.c.full_name],
        email=row[accounts.c.email],
        is_email_proven=row[accounts.c.email_verified_at] is not None,
        is_admin=row[accounts.c.is_admin],
        private_by_default=row[accounts.c.private_by_default],
        created_at=row[accounts.c.created_at],
    )


class _Taking(NamedTuple):
    """Who takes a name, and whether it may look like another."""

    keeper_id: int | None = None
    allow_similar: bool = False


def _create(conn: sa.Connection, name: str, taking: _Taking, **columns: Any) -> Account:
    names.check_account_name(name)
    if not taking.allow_similar:
        kept_names.check_unlike(conn, name)
    key = names.account_key(name)
    values = {"public_id": new_public_id(), "name": name, "key": key, "created_at": clock.now()}
    insert = accounts.insert().values(**values, **columns).returning(accounts)
    try:
        with conn.begin_nested():
            made = to_account(conn.execute(insert).mappings().one())
    except IntegrityError as e:
        raise AlreadyExists(f"an account named {name} already exists") from e
    kept_names.take(conn, name, taking.keeper_id)
    note(conn, Act.ACCOUNT_CREATE, account=made, kind=made.kind, is_admin=made.is_admin)
    return made


def _clean_full_name(full_name: str | None) -> str | None:
    if full_name is None:
        return None
    text = full_name.strip()
    if len(text) > MAX_FULL_NAME_CHARS or not text.isprintable():
        raise BadInput(
            f"{shown(text)} cannot be a full name",
            hint=f"use at most {MAX_FULL_NAME_CHARS} printable characters",
        )
    return text
