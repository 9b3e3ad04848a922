"""A Xet hash for large files that came as one blob, so that Xet clients read and copy them too.

Knows when a blob's view is made: while its bytes pass by, or, for what is very large or went
straight into the store, by a job that reads it. No byte is stored again (``hub.xet.views``).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.queue import enqueue
from paddock.hub.tables import large_files
from paddock.hub.xet import records
from paddock.hub.xet.views import ViewBuilder, ViewedXorb
from paddock.storage.blobs import BlobMissing

# The tables of larger files are not kept in memory until the end.
MAX_PASSING_BYTES = 1 << 30
_XORBS_PER_WRITE = 64
_FILES_PER_LOOK = 1000
_LOOK_SECONDS = 3600

JOB = "view_blob"


class PassingView:
    """The view of a blob whose bytes pass by; None is told of one that is too large for that."""

    def __init__(self) -> None:
        self._xorbs: list[ViewedXorb] = []
        self._builder = ViewBuilder(self._xorbs.append)

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        self._builder.feed(piece)

    def record(self, conn: sa.Connection, sha256: str) -> None:
        """Give the large file, whose row is there, its hash."""
        file = self._builder.finish()
        records.add_viewed_xorbs(conn, sha256, self._xorbs)
        records.add_viewed_file(conn, sha256, file)


def view_later(conn: sa.Connection, sha256: str) -> None:
    """Let a job give the large file its hash, unless it has one."""
    if _lacks_hash(conn, sha256):
        enqueue(conn, JOB, {"sha256": sha256}, unique=sha256)


@handler(JOB)
def view_blob(hub: Hub, payload: dict[str, Any]) -> None:
    """Read a blob once and keep its view; a file that is gone by now needs none."""
    sha256 = str(payload["sha256"])
    with hub.database.read() as conn:
        if not _lacks_hash(conn, sha256):
            return
    waiting: list[ViewedXorb] = []

    def keep(xorb: ViewedXorb) -> None:
        waiting.append(xorb)
        if len(waiting) == _XORBS_PER_WRITE:
            _write(hub, sha256, waiting)

    builder = ViewBuilder(keep)
    try:
        for piece in hub.blobs.read(sha256):
            builder.feed(piece)
    except BlobMissing:
        return
    file = builder.finish()
    _write(hub, sha256, waiting)
    with hub.database.write() as conn:
        if _lacks_hash(conn, sha256, lock=True):
            records.add_viewed_file(conn, sha256, file)


@handler("view_blobs")
def view_blobs(hub: Hub, payload: dict[str, Any]) -> None:
    """Find files without a hash, such as those of an older paddock, and enqueue them."""
    query = sa.select(large_files.c.sha256).where(large_files.c.xet_hash.is_(None))
    with hub.database.write() as conn:
        for sha256 in conn.execute(query.limit(_FILES_PER_LOOK)).scalars().all():
            view_later(conn, sha256)


every(_LOOK_SECONDS)("view_blobs")


def _write(hub: Hub, sha256: str, waiting: list[ViewedXorb]) -> None:
    with hub.database.write() as conn:
        if _lacks_hash(conn, sha256, lock=True):
            records.add_viewed_xorbs(conn, sha256, waiting)
    waiting.clear()


def _lacks_hash(conn: sa.Connection, sha256: str, *, lock: bool = False) -> bool:
    """Whether the file is there, as a blob, and has no hash; with ``lock`` it stays there."""
    query = sa.select(large_files.c.sha256).where(
        large_files.c.sha256 == sha256, large_files.c.is_blob, large_files.c.xet_hash.is_(None)
    )
    if lock:
        query = query.with_for_update(read=True, key_share=True)
    return conn.execute(query).first() is not None
