"""The sparse index: which xorbs hold a chunk, of the chunks by which xorbs are found.

Indexed are the chunks that clients ask a hub about (one in about a thousand, chosen by the hash
itself) and the first chunk of every file. Whoever finds one loads the xorb's table of chunks and
compares the neighbours. The index knows all xorbs and no rights: what it finds is not to be told to
a client before ``chunk_answer`` has looked at who asks. Rows go with their xorb.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import sqlalchemy as sa

from paddock.hub.large.tables import xet_chunks
from paddock.hub.xet import hashes
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.sql import insert_ignore

_ONE_IN = 1024
_HOLDING = (
    sa.select(xet_chunks.c.xorb_hash)
    .where(xet_chunks.c.chunk_hash == sa.bindparam("chunk"))
    .order_by(xet_chunks.c.xorb_hash)
    .limit(sa.bindparam("most"))
)


def is_eligible(chunk_hash: bytes) -> bool:
    """Whether clients ask for this chunk (its raw hash) wherever it is in a file."""
    return int.from_bytes(chunk_hash[24:], "little") % _ONE_IN == 0


def eligible_of(chunks: ChunkTable) -> list[bytes]:
    """Raw hashes of a xorb's chunks that clients ask for."""
    packed = chunks.hashes(0, len(chunks))
    last = np.frombuffer(packed, "<u8").reshape(-1, 4)[:, 3]
    found = np.flatnonzero(last % _ONE_IN == 0).tolist()
    return [packed[at * hashes.HASH_BYTES : (at + 1) * hashes.HASH_BYTES] for at in found]


def add(conn: sa.Connection, xorb_hash: str, chunk_hashes: Iterable[bytes]) -> None:
    """Let the xorb, whose row is there, be found by these chunks (raw hashes)."""
    wanted = {hashes.to_text(chunk_hash) for chunk_hash in chunk_hashes}
    rows = [{"chunk_hash": chunk, "xorb_hash": xorb_hash} for chunk in wanted]
    insert_ignore(conn, xet_chunks, rows)


def find(
    conn: sa.Connection, chunk_hashes: Iterable[bytes], *, most: int = 4
) -> dict[bytes, list[str]]:
    """Xorbs that hold each of the chunks (raw hashes), at most so many of each.

    A look-up for each chunk: some chunks are in the xorbs of every file, and only few are read.
    """
    found: dict[bytes, list[str]] = {}
    for chunk_hash in chunk_hashes:
        asked = {"chunk": hashes.to_text(chunk_hash), "most": most}
        if xorbs := list(conn.execute(_HOLDING, asked).scalars()):
            found[chunk_hash] = xorbs
    return found
