"""A Xet hash for large files that came as one blob, so that Xet clients read and copy them too.

Knows when a blob's view is made: while its bytes pass by, or when it is whole, so that the file has
its hash as soon as it is here; for what is very large by a job that reads it. No byte is stored
again (``hub.xet.views``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.queue import enqueue
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.large.folding import fold_later
from paddock.hub.tables import large_files, xorbs
from paddock.hub.xet import records
from paddock.hub.xet.records import StoredXorb, viewed_xorb
from paddock.hub.xet.views import View, ViewBuilder, ViewedFile, ViewedXorb
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import BlobMissing

# The tables of larger files, of 0.7 MB for each GiB, are not kept in memory until the end.
MAX_PASSING_BYTES = 16 << 30
_XORBS_PER_WRITE = 64
_FILES_PER_LOOK = 1000
_LOOK_SECONDS = 3600

JOB = "view_blob"


class PassingView:
    """The view of a blob whose bytes pass by; None is told of one that is too large for that."""

    def __init__(self) -> None:
        self._xorbs: list[ViewedXorb] = []
        self._builder = ViewBuilder(self._xorbs.append)

    def feed(self, piece: bytes | memoryview) -> None:
        """The next piece."""
        self._builder.feed(piece)

    def finish(self) -> ViewedFile:
        """The blob as a Xet file, once all of it has passed."""
        return self._builder.finish()

    def xorbs(self, sha256: str) -> list[StoredXorb]:
        """The views, once all of the blob has passed."""
        return [viewed_xorb(sha256, xorb) for xorb in self._xorbs]

    def record(self, conn: sa.Connection, sha256: str, file: ViewedFile) -> None:
        """Give the large file, whose row is there, its hash."""
        records.add_viewed_xorbs(conn, sha256, self._xorbs)
        records.add_viewed_file(conn, sha256, file)
        fold_later(conn, sha256)


def view_now(hub: Hub, sha256: str) -> PassingView:
    """The view of a blob that came in parts, or straight into the store."""
    view = PassingView()
    for piece in hub.blobs.read(sha256):
        view.feed(piece)
    return view


def view_later(conn: sa.Connection, sha256: str) -> None:
    """Let a job give the large file its hash, unless it has one."""
    if _lacks_hash(conn, sha256):
        enqueue(conn, JOB, {"sha256": sha256}, unique=sha256)
    else:
        fold_later(conn, sha256)


@handler(JOB)
def view_blob(hub: Hub, payload: dict[str, Any]) -> None:
    """Read a blob once and keep its view; a file that is gone by now needs none.

    Killed, it goes on behind what it has written.
    """
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
        for piece in hub.blobs.read(sha256, builder.resume(_kept(hub, sha256))):
            stop_here_if_asked()
            builder.feed(piece)
    except BlobMissing:
        return
    file = builder.finish()
    _write(hub, sha256, waiting)
    with hub.database.write() as conn:
        if _lacks_hash(conn, sha256, lock=True):
            records.add_viewed_file(conn, sha256, file)
            fold_later(conn, sha256)


@handler("view_blobs")
def view_blobs(hub: Hub, payload: dict[str, Any]) -> None:
    """Find files without a hash, such as those of an older paddock, and enqueue them."""
    query = sa.select(large_files.c.sha256).where(large_files.c.xet_hash.is_(None))
    with hub.database.write() as conn:
        for sha256 in conn.execute(query.limit(_FILES_PER_LOOK)).scalars().all():
            view_later(conn, sha256)


every(_LOOK_SECONDS)("view_blobs")


def _kept(hub: Hub, sha256: str) -> Iterator[ViewedXorb]:
    """What an attempt that was stopped, or killed, has written of the blob's view."""
    after = -1
    while True:
        row = xorbs.c
        query = sa.select(row.hash, row.view_start, row.unpacked_bytes, row.chunks)
        query = query.where(row.blob_sha256 == sha256, row.view_start > after)
        with hub.database.read() as conn:
            some = conn.execute(query.order_by(row.view_start).limit(_XORBS_PER_WRITE)).all()
        if not some:
            return
        for found in some:
            view = View(found.view_start, found.unpacked_bytes)
            yield ViewedXorb(found.hash, view, ChunkTable(bytes(found.chunks)))
        after = some[-1].view_start


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
