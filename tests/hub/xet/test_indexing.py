"""Xorbs of an older paddock come into the index in the background, wherever it is cut off."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.large.tables import xet_chunks
from paddock.hub.tables import xorbs
from paddock.hub.xet import chunk_index, indexing, records
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import Blob
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.hub.xet.messages import text

COUNT = 40


@pytest.fixture
def hub(database: Database, blobs: LocalBlobStore) -> Hub:
    return Hub(database, blobs, None)


def _chunk(*, is_eligible: bool) -> bytes:
    last = (1024 if is_eligible else 1024 + 1).to_bytes(8, "little")
    return os.urandom(24) + last


def _add_old(hub: Hub) -> tuple[set[tuple[str, str]], list[str]]:
    """Xorbs as an older paddock left them: what the index should say, and the xorbs."""
    expected: set[tuple[str, str]] = set()
    added = []
    with hub.database.write() as conn:
        for _ in range(COUNT):
            chunks = [_chunk(is_eligible=at == 2) for at in range(4)]
            rows = b"".join(
                chunk + bytes([1, 0, 0, 0]) + (9 * at).to_bytes(4, "little") + bytes([9, 0, 0, 0])
                for at, chunk in enumerate(chunks)
            )
            raw = os.urandom(32)
            xorb = StoredXorb(text(raw), Blob("0" * 64, 36), ChunkTable(rows))
            records.add_xorb(conn, xorb, None)
            # The file begins in the middle of it.
            terms = Terms.of([Term(raw, 2, 1, 3), Term(raw, 1, 0, 1)])
            records.add_files(conn, [XetFile(text(os.urandom(32)), "1" * 64, terms)])
            expected |= {(text(chunks[at]), xorb.hash) for at in (1, 2)}
            added.append(xorb.hash)
        assert _index(conn) == expected  # new ones index themselves
        conn.execute(xet_chunks.delete())
        conn.execute(xorbs.update().values(is_indexed=False))
    return expected, added


def _index(conn: sa.Connection) -> set[tuple[str, str]]:
    return {(row.chunk_hash, row.xorb_hash) for row in conn.execute(sa.select(xet_chunks))}


def test_old_xorbs_are_found_by_their_chunks_in_the_end(hub: Hub) -> None:
    expected, added = _add_old(hub)
    indexing.index_xorbs(hub, {})
    with hub.database.read() as conn:
        assert _index(conn) == expected
        wanted = [bytes.fromhex(chunk) for chunk, _ in expected]
        raws = [b"".join(each[at : at + 8][::-1] for at in range(0, 32, 8)) for each in wanted]
        found = chunk_index.find(conn, raws)
    assert sorted(xorb for some in found.values() for xorb in some) == sorted(2 * added)


def test_what_was_cut_off_goes_on(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, _ = _add_old(hub)
    real, calls = chunk_index.add, iter(range(1000))

    def dies(*arguments: object) -> None:
        if next(calls) == 20:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(chunk_index, "add", dies)
    with pytest.raises(KeyboardInterrupt):
        indexing.index_xorbs(hub, {})
    with hub.database.read() as conn:
        done = conn.scalar(sa.select(sa.func.count()).where(xorbs.c.is_indexed))
        assert done == 16  # whole steps, or nothing
    indexing.index_xorbs(hub, {})
    indexing.index_xorbs(hub, {})
    with hub.database.read() as conn:
        assert _index(conn) == expected
