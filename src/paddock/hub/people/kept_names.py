"""Names that nobody may take: those of accounts that were renamed or deleted, and likenesses.

A name that somebody had is written in other people's scripts: whoever took it could feed them other
bytes. So it is kept for good, for the account that left it if it is still there, until an
administrator gives it free. And a name that differs from another account's only by ``-`` and ``_``,
or by case, is that name to a reader: it is not given to anybody else.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Conflict, NotFound, shown
from paddock.hub import names
from paddock.hub.tables import accounts, kept_names
from paddock.hub.types import Account
from paddock.storage.sql import insert_ignore


class NameKept(Conflict):
    """Somebody had this name."""

    code = "name_kept"


class NameTooLike(Conflict):
    """A reader would take it for another account's."""

    code = "name_too_like"


class NotKept(NotFound):
    """No such name is kept."""

    code = "name_not_kept"


class KeptName(NamedTuple):
    """A name that was left."""

    name: str
    reason: str
    keeper: str | None


def keep(conn: sa.Connection, account: Account, *, reason: str, keeper_id: int | None) -> None:
    """Write down that an account leaves its name, because it is "renamed" or "deleted"."""
    row = {
        "key": names.account_key(account.name),
        "name": account.name,
        "keeper_id": keeper_id,
        "reason": reason,
        "left_at": clock.now(),
    }
    insert_ignore(conn, kept_names, [row])


def take(conn: sa.Connection, name: str, keeper_id: int | None) -> None:
    """Let an account have the name, if nobody else left it; raises NameKept.

    Called once the row with the name is there: only then has every other writer of it been waited
    for.
    """
    c, key = kept_names.c, names.account_key(name)
    row = conn.execute(sa.select(c.keeper_id).where(c.key == key)).one_or_none()
    if row is None:
        return
    if row.keeper_id is None or row.keeper_id != keeper_id:
        raise NameKept(
            f"{name} was the name of another account, and is kept",
            hint="choose another name, or ask an administrator",
        )
    conn.execute(kept_names.delete().where(c.key == key))


def check_unlike(conn: sa.Connection, name: str, own_ids: tuple[int, ...] = ()) -> None:
    """Raise NameTooLike if a reader would take the name for one that somebody has or had."""
    a, k, likeness = accounts.c, kept_names.c, names.likeness(name)
    taken = sa.select(a.name).where(_likeness(a.key) == likeness, a.id.not_in(own_ids))
    kept = sa.select(k.name).where(
        _likeness(k.key) == likeness,
        k.key != names.account_key(name),  # the same name is ``take``'s to judge
        sa.or_(k.keeper_id.is_(None), k.keeper_id.not_in(own_ids)),
    )
    found = conn.scalar(taken.limit(1)) or conn.scalar(kept.limit(1))
    if found is not None and names.account_key(found) != names.account_key(name):
        raise NameTooLike(
            f"{name} looks like {found}, which is another account's name",
            hint="choose a name that differs in more than '-' and '_'",
        )


def all_kept(conn: sa.Connection) -> list[KeptName]:
    """Every name that is kept."""
    k = kept_names.c
    query = (
        sa.select(k.name, k.reason, accounts.c.name.label("keeper"))
        .join(accounts, accounts.c.id == k.keeper_id, isouter=True)
        .order_by(k.key)
    )
    return [KeptName(row.name, row.reason, row.keeper) for row in conn.execute(query)]


def release(conn: sa.Connection, name: str) -> None:
    """Give a name free again; raises NotKept."""
    gone = kept_names.delete().where(kept_names.c.key == names.account_key(name))
    if not name.isascii() or "\0" in name or conn.execute(gone).rowcount == 0:
        raise NotKept(f"the name {shown(name)} is not kept")


def _likeness(key: sa.Column[str]) -> sa.ColumnElement[str]:
    """``names.likeness`` of a column."""
    return sa.func.replace(sa.func.replace(key, "-", ""), "_", "")
