"""Sweeping the rows of stored content: large files, Xet files and xorbs that nothing refers to.

A large file's row goes when no repository holds it, a Xet file's when its large file went, a xorb's
when no Xet file is made of it and it was idle for its grace. Every batch is locked, then looked at
again: whoever gives a repository a file, or makes a file of a xorb, holds these rows meanwhile, and
keys between the tables would refuse a removal that is wrong. Rows that somebody holds are passed
over until the next sweep.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.large.tables import xet_file_xorbs
from paddock.hub.tables import large_files, repository_large_files, xet_files, xorbs
from paddock.storage.database import Database

_ROWS_PER_STEP = 500

_IS_HELD = sa.exists().where(repository_large_files.c.sha256 == large_files.c.sha256)
_HAS_FILE = sa.exists().where(large_files.c.sha256 == xet_files.c.sha256)
_IS_USED = sa.exists().where(xet_file_xorbs.c.xorb_hash == xorbs.c.hash)


class SweptRows(NamedTuple):
    """What was removed, or would be."""

    large_files: int
    xet_files: int
    xorbs: int
    waiting_xorbs: int


class XorbDeadlines(NamedTuple):
    """Xorbs idle since before these go; a view goes sooner, as no client remembers it."""

    now: datetime
    sent: datetime
    viewed: datetime


def sweep_rows(database: Database, deadlines: XorbDeadlines, *, dry_run: bool = False) -> SweptRows:
    """Remove rows that nothing refers to."""
    if dry_run:
        return _count(database, deadlines)
    files = _remove_all(database, large_files, large_files.c.sha256, ~_IS_HELD)
    of_xet = _remove_all(database, xet_files, xet_files.c.hash, ~_HAS_FILE)
    _mark_xorbs(database, deadlines.now)
    gone = _remove_all(database, xorbs, xorbs.c.hash, ~_IS_USED & _is_over(deadlines))
    with database.read() as conn:
        waiting = conn.execute(_number_of(xorbs, ~_IS_USED)).scalar_one()
    return SweptRows(files, of_xet, gone, waiting)


def _count(database: Database, deadlines: XorbDeadlines) -> SweptRows:
    with database.read() as conn:
        return SweptRows(
            conn.execute(_number_of(large_files, ~_IS_HELD)).scalar_one(),
            conn.execute(_number_of(xet_files, ~_HAS_FILE)).scalar_one(),
            conn.execute(_number_of(xorbs, ~_IS_USED & _is_over(deadlines))).scalar_one(),
            conn.execute(_number_of(xorbs, ~_IS_USED)).scalar_one(),
        )


def _number_of(table: sa.Table, where: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table).where(where)


def _remove_all(
    database: Database, table: sa.Table, key: sa.Column[Any], unused: sa.ColumnElement[bool]
) -> int:
    """Remove the rows of which this is true, some at a time, once they are locked."""
    removed = 0
    after = ""
    while True:
        with database.write() as conn:
            query = sa.select(key).where(key > after, unused).order_by(key).limit(_ROWS_PER_STEP)
            some = list(conn.execute(query.with_for_update(skip_locked=True, of=table)).scalars())
            if not some:
                return removed
            # A statement of its own: it sees what was committed while we waited for the locks.
            gone = conn.execute(table.delete().where(key.in_(some), unused))
            removed += gone.rowcount
            after = some[-1]


def _mark_xorbs(database: Database, now: datetime) -> None:
    """Note since when xorbs are idle; a new or a used one is not."""
    with database.write() as conn:
        idle = xorbs.update().where(xorbs.c.idle_since.is_(None), ~_IS_USED)
        conn.execute(idle.values(idle_since=now))
        used = xorbs.update().where(xorbs.c.idle_since.is_not(None), _IS_USED)
        conn.execute(used.values(idle_since=None))


def _is_over(deadlines: XorbDeadlines) -> sa.ColumnElement[bool]:
    since = xorbs.c.idle_since
    is_view = xorbs.c.view_start.is_not(None)
    return (since <= deadlines.sent) | (is_view & (since <= deadlines.viewed))
