"""Sweeping the blob store: what no row names is condemned, and deleted if that stays so.

The order makes it safe against any writer at any moment. A blob is deleted only after a committed
row says that it is being deleted, and that row stays a while. A writer that stored the same blob,
or found it there, looks for such a row in the transaction that names the blob
(``hub.large.condemned``): it either takes the blob back before, or learns that it went. After a
kill the row is still there, and the next sweep finishes what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from paddock.hub.backups.holding import are_held
from paddock.hub.garbage.referrers import named
from paddock.hub.large.condemned import condemn
from paddock.hub.large.tables import condemned_blobs
from paddock.storage.blobs import BlobStore, StoredBlob
from paddock.storage.database import Database

_BLOBS_PER_STEP = 500
_DELETIONS_PER_STEP = 50
_row = condemned_blobs.c

T = TypeVar("T")


class BlobDeadlines(NamedTuple):
    """Blobs stored and condemned before ``condemned`` go; removals before ``forgotten`` are
    forgotten."""

    now: datetime
    condemned: datetime
    forgotten: datetime


class SweptBlobs(NamedTuple):
    """What was deleted, or would be."""

    blobs: int
    bytes: int
    waiting: int
    waiting_bytes: int


def sweep_blobs(database: Database, blobs: BlobStore, deadlines: BlobDeadlines) -> SweptBlobs:
    """Condemn what no row names, delete what was condemned long enough ago."""
    sizes: dict[str, int] = {}  # of what no row names: this is what the sweep has to remember
    _finish(database, blobs, deadlines.now)
    for some in batches(blobs.stored()):
        unnamed = _look(database, some, deadlines)
        sizes.update((blob.sha256, blob.size_bytes) for blob in unnamed)
    doomed = [sha256 for sha256 in _over(database, deadlines) if sha256 in sizes]
    gone = list(_delete(database, blobs, doomed, deadlines))
    _forget(database, deadlines)
    gone_bytes = sum(sizes[sha256] for sha256 in gone)
    return SweptBlobs(
        len(gone), gone_bytes, len(sizes) - len(gone), sum(sizes.values()) - gone_bytes
    )


def _look(database: Database, some: list[StoredBlob], deadlines: BlobDeadlines) -> list[StoredBlob]:
    """Those that no row names; they are condemned, and the others released."""
    with database.read() as conn:
        used = named(conn, [blob.sha256 for blob in some])
    unnamed = [blob for blob in some if blob.sha256 not in used]
    with database.write() as conn:
        waiting = _row.is_deleting.is_(False)
        for_use = _row.sha256.in_(sorted(used))
        conn.execute(condemned_blobs.delete().where(for_use, waiting))
        for blob in unnamed:  # stored again since: its time starts anew
            again = (_row.sha256 == blob.sha256) & (_row.condemned_at < blob.stored_at)
            conn.execute(condemned_blobs.delete().where(again, waiting))
        condemn(conn, [blob.sha256 for blob in unnamed], deadlines.now)
    return unnamed


def _over(database: Database, deadlines: BlobDeadlines) -> list[str]:
    """What was condemned long enough ago."""
    query = sa.select(_row.sha256).where(
        _row.condemned_at <= deadlines.condemned, _row.is_deleting.is_(False)
    )
    with database.read() as conn:
        return list(conn.execute(query.order_by(_row.sha256)).scalars())


def _delete(
    database: Database, blobs: BlobStore, doomed: list[str], deadlines: BlobDeadlines
) -> Iterator[str]:
    """Delete what is still named by no row, after saying so."""
    for some in batches(doomed, _DELETIONS_PER_STEP):
        with database.write() as conn:
            if are_held(conn):  # a backup is being taken: the next sweep deletes them
                return
            query = sa.select(_row.sha256).where(
                _row.sha256.in_(some),
                _row.condemned_at <= deadlines.condemned,
                _row.is_deleting.is_(False),
            )
            held = list(conn.execute(query.with_for_update(skip_locked=True)).scalars())
            # A statement of its own: it sees what was committed until the rows were locked.
            used = named(conn, held)
            conn.execute(condemned_blobs.delete().where(_row.sha256.in_(sorted(used))))
            going = [sha256 for sha256 in held if sha256 not in used]
            marked = condemned_blobs.update().where(_row.sha256.in_(going))
            conn.execute(marked.values(is_deleting=True))
        _finish(database, blobs, deadlines.now, going)
        yield from going


def _finish(
    database: Database, blobs: BlobStore, now: datetime, going: list[str] | None = None
) -> None:
    """Delete the blobs that are said to be going: these, or all that an earlier sweep left so."""
    is_going = _row.is_deleting & _row.deleted_at.is_(None)
    if going is None:
        with database.read() as conn:
            going = list(conn.execute(sa.select(_row.sha256).where(is_going)).scalars())
    for some in batches(going, _DELETIONS_PER_STEP):
        for sha256 in some:
            blobs.delete(sha256)
        with database.write() as conn:
            done = condemned_blobs.update().where(_row.sha256.in_(some), is_going)
            conn.execute(done.values(deleted_at=now))


def _forget(database: Database, deadlines: BlobDeadlines) -> None:
    """Let go of removals that no upload can be unaware of any more."""
    with database.write() as conn:
        old = _row.deleted_at <= deadlines.forgotten
        conn.execute(condemned_blobs.delete().where(old))


def batches(items: Iterable[T], size: int = _BLOBS_PER_STEP) -> Iterator[list[T]]:
    """The items in lists of at most that many."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
