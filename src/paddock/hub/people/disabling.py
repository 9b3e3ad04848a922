"""What administrators do to people: turned off and on again, made administrators, signed out.

Who is turned off keeps everything and can do nothing: neither sign in, nor use a token or an
address that was signed for them. A hub always has an administrator who is not turned off.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Conflict
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people.accounts import is_askable, to_account
from paddock.hub.sessions.tables import sessions
from paddock.hub.tables import accounts
from paddock.hub.texts import check_line
from paddock.hub.types import Account

MIN_REASON_CHARS, MAX_REASON_CHARS = 3, 500


class LastAdministrator(Conflict):
    """The hub would be left without an administrator."""

    code = "last_administrator"


class Listed(NamedTuple):
    """An account as administrators see it."""

    account: Account
    disabled_at: datetime | None
    disabled_reason: str | None


def list_accounts(conn: sa.Connection, kind: str, begins: str, part: Part) -> Page[Listed]:
    """Users or organizations by name, those whose name begins so; raises BadInput."""
    query = sa.select(accounts).where(accounts.c.kind == kind)
    begin = begins.strip().lower()
    if begin:
        fits = accounts.c.key.startswith(begin, autoescape=True)
        query = query.where(fits if is_askable(begin) else sa.false())
    order = Order((accounts.c.key,), (str,), descending=False)
    return read_page(conn, query, order, part, _listed)


def disable(conn: sa.Connection, user: Account, reason: str) -> None:
    """Turn somebody off, for a reason that is kept; raises BadInput, LastAdministrator."""
    said = check_line("the reason", reason, MAX_REASON_CHARS)
    if len(said) < MIN_REASON_CHARS:
        raise BadInput("a reason is missing", hint="say in a few words why")
    if user.is_admin:
        _require_other_administrator(conn, user)
    _set(conn, user, disabled_at=clock.now(), disabled_reason=said)
    end_sessions(conn, user)
    note(conn, Act.ADMIN_USER, account=user, what="disable", text=said)


def enable(conn: sa.Connection, user: Account) -> None:
    """Let somebody act again."""
    _set(conn, user, disabled_at=None, disabled_reason=None)
    note(conn, Act.ADMIN_USER, account=user, what="enable")


def set_administrator(conn: sa.Connection, user: Account, *, is_admin: bool) -> None:
    """Let a user administer the hub, or no longer; raises BadInput, LastAdministrator."""
    if user.kind != "user":
        raise BadInput(f"{user.name} is an organization: users administer the hub")
    if user.is_admin and not is_admin:
        _require_other_administrator(conn, user)
    _set(conn, user, is_admin=is_admin)
    note(conn, Act.ADMIN_USER, account=user, is_admin=is_admin)


def end_sessions(conn: sa.Connection, user: Account) -> None:
    """Sign somebody out everywhere."""
    conn.execute(sessions.delete().where(sessions.c.user_id == user.id))
    note(conn, Act.ACCOUNT_SIGN_OUT, account=user, what="all")


def _set(conn: sa.Connection, user: Account, **columns: object) -> None:
    conn.execute(accounts.update().where(accounts.c.id == user.id).values(columns))


def _require_other_administrator(conn: sa.Connection, user: Account) -> None:
    c = accounts.c
    others = sa.select(c.id).where(c.is_admin, c.id != user.id, c.disabled_at.is_(None))
    if conn.execute(others.with_for_update().limit(1)).first() is None:
        raise LastAdministrator(
            f"{user.name} is the only administrator of this hub", hint="make another one first"
        )


def _listed(row: sa.RowMapping) -> Listed:
    return Listed(to_account(row), row[accounts.c.disabled_at], row[accounts.c.disabled_reason])
