"""Fills the index of chunks for xorbs of an older paddock, some at a time, until none is left.

A xorb's row says whether it is indexed, in the transaction that indexes it; so the work may be cut
off anywhere, done twice and done by two servers at once. New xorbs index themselves (``records``).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.queue import enqueue
from paddock.hub.large.tables import xet_file_xorbs
from paddock.hub.tables import xet_files, xorbs
from paddock.hub.xet import chunk_index
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.xorbs import ChunkTable

JOB = "index_xorbs"
_LOOK_SECONDS = 3600
_XORBS_PER_WRITE = 16
_WRITES_PER_JOB = 64
_TERM_BYTES = 44


@handler(JOB)
def index_xorbs(hub: Hub, payload: dict[str, Any]) -> None:
    """Index the next xorbs; a job of its own goes on from there."""
    for _ in range(_WRITES_PER_JOB):
        with hub.database.write() as conn:
            if not _index_some(conn):
                return
    with hub.database.write() as conn:
        enqueue(conn, JOB, {}, unique=JOB)


every(_LOOK_SECONDS)(JOB)


def _index_some(conn: sa.Connection) -> bool:
    """Whether there was anything to index."""
    query = sa.select(xorbs.c.hash, xorbs.c.chunks).where(~xorbs.c.is_indexed)
    query = query.order_by(xorbs.c.hash).limit(_XORBS_PER_WRITE)
    rows = conn.execute(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        chunks = ChunkTable(bytes(row.chunks))
        first = [chunks.hashes(at, at + 1) for at in _starts_in(conn, row.hash)]
        chunk_index.add(conn, row.hash, [*chunk_index.eligible_of(chunks), *first])
    done = xorbs.c.hash.in_([row.hash for row in rows])
    conn.execute(xorbs.update().where(done).values(is_indexed=True))
    return bool(rows)


def _starts_in(conn: sa.Connection, xorb_hash: str) -> set[int]:
    """With which of the xorb's chunks files begin."""
    front = sa.func.substr(xet_files.c.terms, 1, _TERM_BYTES, type_=sa.LargeBinary())
    query = sa.select(front).join(xet_file_xorbs, xet_file_xorbs.c.file_hash == xet_files.c.hash)
    found = conn.execute(query.where(xet_file_xorbs.c.xorb_hash == xorb_hash)).scalars()
    first: list[Term] = [term for packed in found for term in Terms(bytes(packed))]
    return {term.start for term in first if term.xorb == xorb_hash}
