"""The order of one owner's collections: positions from nought, without gaps.

Whoever changes it holds the owner's row first; that keeps other changes of the order waiting, and
nothing else.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.collections.tables import collections
from paddock.hub.tables import accounts
from paddock.hub.types import Account


def hold(conn: sa.Connection, owner: Account) -> None:
    """Wait for whoever else orders this owner's collections, and keep them waiting."""
    row = sa.select(accounts.c.id).where(accounts.c.id == owner.id)
    conn.execute(row.with_for_update(key_share=True))


def count(conn: sa.Connection, owner: Account) -> int:
    """How many collections the owner has, seen or not: the position of a new one."""
    query = sa.select(sa.func.count()).where(collections.c.owner_id == owner.id)
    return int(conn.execute(query).scalar_one())


def move(conn: sa.Connection, owner: Account, collection_id: int, position: int) -> None:
    """Put a collection at a position, or last where that is beyond the end."""
    order = _read(conn, owner)
    own = next(entry for entry in order if entry[0] == collection_id)
    order.remove(own)
    order.insert(min(position, len(order)), own)
    _write(conn, order)


def close_gaps(conn: sa.Connection, owner: Account) -> None:
    """Renumber after one has gone."""
    _write(conn, _read(conn, owner))


def _read(conn: sa.Connection, owner: Account) -> list[tuple[int, int]]:
    """Id and position of each, as they stand."""
    query = (
        sa.select(collections.c.id, collections.c.position)
        .where(collections.c.owner_id == owner.id)
        .order_by(collections.c.position, collections.c.id)
    )
    return [(row.id, row.position) for row in conn.execute(query)]


def _write(conn: sa.Connection, order: list[tuple[int, int]]) -> None:
    moved = [
        {"row_id": id_, "place": place} for place, (id_, old) in enumerate(order) if old != place
    ]
    if moved:
        row = collections.update().where(collections.c.id == sa.bindparam("row_id"))
        conn.execute(row.values(position=sa.bindparam("place")), moved)
