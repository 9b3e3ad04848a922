"""Xorbs: tables of chunks that make the xorb's hash, frames that are those chunks, the index.

The table of a xorb that is stored as frames can be made anew from them, and the index from tables,
so those faults cost nothing but the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import sqlalchemy as sa

from paddock.hub.fsck import concerns
from paddock.hub.fsck.checkers import Checking, keys
from paddock.hub.fsck.findings import Concerns, Fault
from paddock.hub.fsck.rebuilding import is_table_of
from paddock.hub.fsck.repairing import Repairs
from paddock.hub.large.tables import xet_chunks
from paddock.hub.tables import xorbs
from paddock.hub.xet import chunk_index, hashes
from paddock.hub.xet.chunks import BadXorb
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import StoredXorb, find_xorb
from paddock.hub.xet.xorbs import ChunkTable, XorbParser
from paddock.storage.blobs import BlobMissing
from paddock.storage.errors import StorageFailed

_ROW_BYTES = 44


def check_xorbs(checking: Checking, after: str) -> Iterator[str]:
    """Every xorb by hash."""
    for xorb_hash in keys(checking.database, xorbs.c.hash, after):
        _check(checking, xorb_hash)
        checking.add("xorbs")
        yield xorb_hash


def _check(checking: Checking, xorb_hash: str) -> None:
    whose = partial(_whose, xorb_hash=xorb_hash)
    if (told := table_fault(checking, xorb_hash)) is not None:
        table = partial(_table_anew, xorb_hash=xorb_hash)
        checking.report(Fault.XORB_TABLE, xorb_hash, told, table, whose)
    with checking.database.read() as conn:
        row = conn.execute(sa.select(xorbs).where(xorbs.c.hash == xorb_hash)).one_or_none()
    if row is None or not _is_table(bytes(row.chunks), row):
        return
    with checking.database.read() as conn:
        xorb = find_xorb(conn, xorb_hash)
    if xorb is None:
        return
    if checking.is_deep and not checking.findings.is_broken(xorb.blob.sha256):
        try:
            for _ in Shelf(checking.database, checking.blobs).chunks(xorb, 0, len(xorb.chunks)):
                checking.add("chunks")
        except StorageFailed as error:
            if not _is_still(checking, xorb):
                return
            anew = partial(_anew, xorb_hash=xorb_hash)
            checking.report(Fault.XORB_DAMAGED, xorb_hash, error.message, anew, whose)
    _check_index(checking, xorb, is_indexed=row.is_indexed)


def table_fault(checking: Checking, xorb_hash: str) -> str | None:
    """What is wrong with the row's table of chunks, in a sentence."""
    with checking.database.read() as conn:
        row = conn.execute(sa.select(xorbs).where(xorbs.c.hash == xorb_hash)).one_or_none()
    if row is None:
        return None
    packed = bytes(row.chunks)
    if not _is_table(packed, row):
        return "the row's table of chunks does not fit its sizes"
    if checking.is_deep and not is_table_of(ChunkTable(packed), xorb_hash):
        return "the chunks in the row's table make another xorb"
    return None


def _is_table(packed: bytes, row: sa.Row[tuple[object, ...]]) -> bool:
    """Whether frames follow one another, and numbers add up."""
    if not packed or len(packed) != _ROW_BYTES * row.chunk_count:
        return False
    table = ChunkTable(packed)
    ends = table.frame_ends(0, len(table)).astype(np.int64)
    starts = np.array([table.byte_range(at, at + 1)[0] for at in range(len(table))], np.int64)
    follow = (
        starts[0] == 0 and bool((starts[1:] == ends[:-1]).all()) and bool((ends > starts).all())
    )
    return (
        follow
        and ends[-1] == row.serialized_bytes
        and (table.unpacked_bytes() == row.unpacked_bytes)
    )


def _table_anew(repairs: Repairs, xorb_hash: str) -> str | None:
    """Parse the frames again: if they make this xorb, their table is right."""
    with repairs.database.read() as conn:
        row = conn.execute(sa.select(xorbs).where(xorbs.c.hash == xorb_hash)).one()
    if row.view_start is not None:
        return None
    parser = XorbParser(lambda frames: None)
    try:
        for piece in repairs.blobs.read(row.blob_sha256):
            parser.feed(piece)
        made, table = parser.finish()
    except (BadXorb, BlobMissing, StorageFailed):
        return None
    if made != xorb_hash:
        return None
    values = {
        "chunks": table.packed,
        "chunk_count": len(table),
        "unpacked_bytes": table.unpacked_bytes(),
        "serialized_bytes": table.byte_range(0, len(table))[1],
    }
    same = (xorbs.c.hash == xorb_hash) & (xorbs.c.blob_sha256 == row.blob_sha256)
    with repairs.database.write() as conn:
        conn.execute(xorbs.update().where(same).values(**values))
    return "the table was made anew from the stored frames"


def _check_index(checking: Checking, xorb: StoredXorb, *, is_indexed: bool) -> None:
    query = sa.select(xet_chunks.c.chunk_hash).where(xet_chunks.c.xorb_hash == xorb.hash)
    with checking.database.read() as conn:
        told = set(conn.execute(query).scalars())
    packed = xorb.chunks.hashes(0, len(xorb.chunks))
    held = (
        {hashes.to_text(packed[at : at + 32]) for at in range(0, len(packed), 32)} if told else {}
    )
    wanted = {hashes.to_text(one) for one in chunk_index.eligible_of(xorb.chunks)}
    checking.add("index_rows", len(told))
    wrong = sorted(told - set(held))
    missing = sorted(wanted - told) if is_indexed else []
    if not wrong and not missing:
        return
    said = f"{len(wrong)} rows of the index are wrong, {len(missing)} are missing"
    anew = partial(_index_anew, xorb=xorb, wrong=wrong)
    checking.report(Fault.CHUNK_INDEX, xorb.hash, said, anew)


def _index_anew(repairs: Repairs, xorb: StoredXorb, wrong: list[str]) -> str | None:
    with repairs.database.write() as conn:
        same = sa.select(xorbs.c.hash).where(xorbs.c.hash == xorb.hash)
        if conn.execute(same.with_for_update(read=True, key_share=True)).first() is None:
            return "the xorb is gone"
        for chunk in wrong:
            one = (xet_chunks.c.xorb_hash == xorb.hash) & (xet_chunks.c.chunk_hash == chunk)
            conn.execute(xet_chunks.delete().where(one))
        chunk_index.add(conn, xorb.hash, chunk_index.eligible_of(xorb.chunks))
    return "its rows were made anew from the table"


def _is_still(checking: Checking, xorb: StoredXorb) -> bool:
    """A second look: the sweep may have taken it meanwhile."""
    with checking.database.read() as conn:
        found = find_xorb(conn, xorb.hash)
    return found is not None and found.blob == xorb.blob


def _anew(repairs: Repairs, xorb_hash: str) -> str | None:
    return repairs.xorb(xorb_hash)


def _whose(conn: sa.Connection, xorb_hash: str) -> Concerns:
    return concerns.of_xorb(conn, xorb_hash)
