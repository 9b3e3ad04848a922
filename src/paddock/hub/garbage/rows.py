"""Sweeping the rows of stored content: large files, Xet files and xorbs that nothing refers to.

A large file's row goes when no repository holds it, a Xet file's when its large file went (or, of
terms for some repositories alone, when none of these holds it), a xorb's when no Xet file is made
of it and it was idle for its grace. Every batch is locked, then looked at again: whoever gives a
repository a file, or makes a file of a xorb, holds these rows meanwhile, and keys between the
tables would refuse a removal that is wrong. Rows that somebody holds are passed over until the next
sweep.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.large.tables import xet_file_xorbs, xet_own_terms, xorb_known_to, xorb_variants
from paddock.hub.tables import large_files, repository_large_files, xet_files, xorbs
from paddock.storage.database import Database

_ROWS_PER_STEP = 500

_IS_HELD = sa.exists().where(repository_large_files.c.sha256 == large_files.c.sha256)
_HAS_LARGE = sa.exists().where(large_files.c.sha256 == xet_files.c.sha256)
# Other terms of a file are for the repositories that see it so, as long as they hold it.
_IS_SEEN = sa.exists().where(
    xet_own_terms.c.own_hash == xet_files.c.hash,
    repository_large_files.c.repo_id == xet_own_terms.c.repo_id,
    repository_large_files.c.sha256 == xet_files.c.sha256,
)
HAS_FILE = _HAS_LARGE & (xet_files.c.of_hash.is_(None) | _IS_SEEN)
_IS_USED = sa.exists().where(xet_file_xorbs.c.xorb_hash == xorbs.c.hash)


class SweptRows(NamedTuple):
    """What was removed, or would be."""

    large_files: int
    xet_files: int
    xorbs: int
    waiting_xorbs: int


class XorbDeadlines(NamedTuple):
    """Xorbs idle since before these go. A view goes sooner, as nobody sent it, unless somebody was
    told of it since ``told``: their upload may still be under way."""

    now: datetime
    sent: datetime
    viewed: datetime
    told: datetime


def sweep_rows(database: Database, deadlines: XorbDeadlines) -> SweptRows:
    """Remove rows that nothing refers to; what was told of a xorb goes with it, or when no client
    can remember it any more."""
    files = _remove_all(database, large_files, large_files.c.sha256, ~_IS_HELD)
    of_xet = _remove_all(database, xet_files, xet_files.c.hash, ~HAS_FILE)
    _mark_xorbs(database, deadlines.now)
    _forget_unseen(database, deadlines.sent)
    _forget_told(database, deadlines.sent)
    gone = _remove_all(
        database, xorbs, xorbs.c.hash, ~_IS_USED & is_over(deadlines, xorbs.c.idle_since)
    )
    with database.read() as conn:
        waiting = conn.execute(_number_of(xorbs, ~_IS_USED)).scalar_one()
    return SweptRows(files, of_xet, gone, waiting)


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


def _forget_told(database: Database, before: datetime) -> None:
    """Let go of what accounts were told of xorbs, which clients believe for a day; not of what they
    sent: that they may name as long as it is here."""
    told = xorb_known_to.c.told.is_not(None) & (xorb_known_to.c.since < before)
    with database.write() as conn:
        conn.execute(xorb_known_to.delete().where(told))


def is_unseen(before: datetime) -> sa.ColumnElement[bool]:
    """Whether a xorb's other form is of no use to its repository, which holds no file that is made
    of the xorb, and was not sent since ``before``."""
    row = xorb_variants.c
    of_file = sa.exists().where(
        xet_file_xorbs.c.xorb_hash == row.xorb_hash,
        xet_files.c.hash == xet_file_xorbs.c.file_hash,
        repository_large_files.c.sha256 == xet_files.c.sha256,
        repository_large_files.c.repo_id == row.repo_id,
    )
    return ~of_file & (row.sent_at <= before)


def _forget_unseen(database: Database, before: datetime) -> None:
    with database.write() as conn:
        conn.execute(xorb_variants.delete().where(is_unseen(before)))


def is_over(deadlines: XorbDeadlines, since: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Whether a xorb that is idle since then goes."""
    is_told = sa.exists().where(
        xorb_known_to.c.xorb_hash == xorbs.c.hash, xorb_known_to.c.since > deadlines.told
    )
    is_view = xorbs.c.view_start.is_not(None)
    return (since <= deadlines.sent) | (is_view & (since <= deadlines.viewed) & ~is_told)
