"""Blobs that are about to go: how a writer takes one back, and how it learns that it is too late.

The sweep condemns a blob that no row names, and deletes it when that is still so after a while.
Whoever writes a row that names a blob calls ``release`` in the same transaction. Then one of two
things happens, whatever the order: the sweep sees the row and keeps the blob, or the writer sees
that the blob went while it was relied upon, and fails so that the bytes are sent again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from paddock.errors import Unavailable
from paddock.hub.large.tables import condemned_blobs
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_ignore

_ROW = condemned_blobs.c


class BlobWentAway(Unavailable):
    """Stored bytes were swept between the upload that found them and the row that names them."""

    code = "blob_went_away"


def release(conn: sa.Connection, sha256s: Iterable[str]) -> None:
    """Keep these blobs, which a row of this transaction names; raises BlobWentAway."""
    for some in in_chunks(sorted(set(sha256s))):
        query = sa.select(_ROW.sha256, _ROW.is_deleting, _ROW.deleted_at)
        rows = conn.execute(query.where(_ROW.sha256.in_(some)).with_for_update()).all()
        if gone := [row.sha256 for row in rows if row.is_deleting]:
            raise BlobWentAway(
                f"blob {gone[0]} was removed while it was uploaded again", hint="send it again"
            )
        if rows:
            mine = [row.sha256 for row in rows]
            conn.execute(condemned_blobs.delete().where(_ROW.sha256.in_(mine)))


def forget_removed(database: Database, blobs: BlobStore, sha256s: Iterable[str]) -> None:
    """After storing blobs, before naming them: those that were removed once are here again.

    A blob that the store holds after its removal was finished came later, and nobody removes it.
    """
    wanted = sorted(set(sha256s))
    removed: list[str] = []
    with database.read() as conn:
        for some in in_chunks(wanted):
            query = sa.select(_ROW.sha256).where(
                _ROW.sha256.in_(some), _ROW.deleted_at.is_not(None)
            )
            removed.extend(conn.execute(query).scalars())
    back = [sha256 for sha256 in removed if blobs.size_bytes(sha256) is not None]
    if not back:
        return
    with database.write() as conn:
        for some in in_chunks(back):
            is_removed = _ROW.sha256.in_(some) & _ROW.deleted_at.is_not(None)
            conn.execute(condemned_blobs.delete().where(is_removed))


def condemn(conn: sa.Connection, sha256s: Iterable[str], moment: datetime) -> None:
    """Note that no row names these blobs now; those that are noted already keep their time."""
    rows = [
        {"sha256": sha256, "condemned_at": moment, "is_deleting": False, "deleted_at": None}
        for sha256 in sorted(set(sha256s))
    ]
    insert_ignore(conn, condemned_blobs, rows)
