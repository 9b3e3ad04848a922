"""Accounts that get another name, and accounts that go.

A rename takes every repository along: each old address leads to the new one. A deletion takes the
account's repositories, tokens, sessions, memberships, applications, likes and lists, and an
organisation's service accounts; what it wrote in repositories of others stays there without an
author: commits, discussions, comments. In both cases the name is kept (``kept_names``).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from paddock.errors import Conflict
from paddock.hub import lookup, names, redirects
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.catalogue import texts
from paddock.hub.collections.collections import forget_upvotes_of
from paddock.hub.errors import AlreadyExists
from paddock.hub.likes.likes import forget_likes_of
from paddock.hub.people import kept_names, service_accounts
from paddock.hub.people.accounts import orgs_of, to_account
from paddock.hub.repositories import forget_repository
from paddock.hub.tables import accounts, memberships, repositories
from paddock.hub.tables import redirects as redirect_rows
from paddock.hub.types import Account


class StillInUse(Conflict):
    """Others would lose something, or the account itself would lose more than was said."""

    code = "account_in_use"


def rename_account(
    conn: sa.Connection, account: Account, new_name: str, *, allow_similar: bool = False
) -> Account:
    """The account under another name; raises BadName, AlreadyExists, NameKept or NameTooLike."""
    names.check_account_name(new_name)
    account = _hold(conn, account)
    old_key, new_key = names.account_key(account.name), names.account_key(new_name)
    if old_key != new_key:
        if not allow_similar:
            kept_names.check_unlike(conn, new_name, (account.id,))
        redirects.leave_all(conn, account)
        kept_names.keep(conn, account, reason="renamed", keeper_id=account.id)
    change = accounts.update().where(accounts.c.id == account.id).returning(accounts)
    try:
        with conn.begin_nested():
            row = conn.execute(change.values(name=new_name, key=new_key)).mappings().one()
    except IntegrityError as e:
        raise AlreadyExists(f"an account named {new_name} already exists") from e
    if old_key != new_key:
        kept_names.take(conn, new_name, account.id)
    _move_repositories(conn, account, new_name)
    note(conn, Act.ACCOUNT_RENAME, account=account, name=new_name)
    return to_account(row)


def delete_account(
    conn: sa.Connection,
    account: Account,
    *,
    with_repositories: bool = False,
    keeper: Account | None = None,
) -> None:
    """Forget an account; raises StillInUse. ``keeper`` alone may have an organisation's name then.

    A user who is the only admin of an organisation, or the hub's only administrator, cannot go
    before somebody else is one.
    """
    account = _hold(conn, account)
    owned = sa.select(repositories).where(repositories.c.namespace_id == account.id)
    rows = conn.execute(owned.order_by(repositories.c.id)).mappings().all()
    if rows and not with_repositories:
        raise StillInUse(
            f"{account.name} still has repositories, {len(rows)} of them",
            hint="move them first, or delete them too (--with-repositories)",
        )
    alone = [m.org.name for m in orgs_of(conn, account) if _is_last_admin(conn, m.org, account)]
    if alone:
        raise StillInUse(
            f"{account.name} is the only admin of {', '.join(alone)}",
            hint="make somebody else an admin, or delete the organizations first",
        )
    if account.is_admin and _is_only_administrator(conn, account):
        raise StillInUse(
            f"{account.name} is the only administrator of this hub",
            hint="make another first: paddock admin user add NAME --admin",
        )
    forget_likes_of(conn, account)
    forget_upvotes_of(conn, account)
    for row in rows:
        forget_repository(conn, lookup.to_repository(row), None)
    for program in service_accounts.of_org(conn, account):
        delete_account(conn, program.user, keeper=keeper)
    kept_names.keep(conn, account, reason="deleted", keeper_id=keeper.id if keeper else None)
    conn.execute(accounts.delete().where(accounts.c.id == account.id))
    note(conn, Act.ACCOUNT_DELETE, account=account, repositories=len(rows))


def _hold(conn: sa.Connection, account: Account) -> Account:
    """The account as it is once nobody else changes it."""
    row = sa.select(accounts).where(accounts.c.id == account.id).with_for_update()
    return to_account(conn.execute(row).mappings().one())


def _move_repositories(conn: sa.Connection, account: Account, new_name: str) -> None:
    """Give every repository its new address, which leads nowhere else from now on."""
    r, old = repositories.c, redirect_rows.c
    rest = sa.func.substr(r.full_name, len(account.name) + 1)
    full_name = sa.literal(new_name).concat(rest)
    change = repositories.update().where(r.namespace_id == account.id)
    conn.execute(change.values(full_name=full_name, key=sa.func.lower(full_name)))
    texts.rename(conn, r.namespace_id == account.id)
    taken = sa.exists().where(r.namespace_id == account.id, r.kind == old.kind, r.key == old.key)
    conn.execute(redirect_rows.delete().where(taken))


def _is_last_admin(conn: sa.Connection, org: Account, user: Account) -> bool:
    m = memberships.c
    query = sa.select(m.user_id).where(m.org_id == org.id, m.role == "admin")
    return [row.user_id for row in conn.execute(query)] == [user.id]


def _is_only_administrator(conn: sa.Connection, user: Account) -> bool:
    others = sa.select(accounts.c.id).where(accounts.c.is_admin, accounts.c.id != user.id)
    return conn.execute(others.with_for_update().limit(1)).first() is None
