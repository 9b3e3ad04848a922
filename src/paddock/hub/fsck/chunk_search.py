"""Chunks of a damaged xorb or file, wherever else their bytes are.

Looks where they survived, in files that are whole blobs (in this store or a copy of it), and in
every other xorb's table of chunks. A chunk counts when its hash is right. What is found waits in a
temporary file; memory is that of the hashes that are looked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from paddock.hub.fsck.copies import Copy
from paddock.hub.large.tables import xet_file_xorbs
from paddock.hub.tables import xet_files, xorbs
from paddock.hub.xet import hashes
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import StoredXorb
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import BlobMissing, BlobStore
from paddock.storage.database import Database
from paddock.storage.errors import StorageFailed

MAX_CHUNKS = 1 << 18
MAX_BYTES = 4 << 30  # of what waits in the temporary file
_TABLES_PER_PAGE = 16  # of at most 352 KiB


class ChunkPlace(NamedTuple):
    """One chunk of a xorb: what it must be, and its bytes where they are whole."""

    chunk_hash: bytes
    size_bytes: int
    content: memoryview | None


class FoundChunks:
    """Chunks by hash, in a temporary file that goes with it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by ``close``)
        self._places: dict[bytes, tuple[int, int]] = {}
        self._end = 0

    def add(self, chunk_hash: bytes, content: bytes | memoryview) -> None:
        """Keep a chunk, whose hash was checked."""
        self._file.seek(self._end)
        self._file.write(content)
        self._places[chunk_hash] = (self._end, len(content))
        self._end += len(content)

    def __contains__(self, chunk_hash: bytes) -> bool:
        return chunk_hash in self._places

    def __len__(self) -> int:
        return len(self._places)

    def get(self, chunk_hash: bytes) -> bytes:
        """A chunk that was found; raises KeyError."""
        at, size_bytes = self._places[chunk_hash]
        self._file.seek(at)
        return self._file.read(size_bytes)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> FoundChunks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ChunkSearch(NamedTuple):
    """Where to look."""

    database: Database
    blobs: BlobStore
    copies: Sequence[Copy]

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.database, self.blobs)

    def surviving(self, xorb: StoredXorb, start: int, end: int) -> Iterator[ChunkPlace]:
        """Chunks ``[start, end)`` of a xorb in order, with the bytes of those that are whole."""
        sizes = xorb.chunks.sizes(start, end).tolist()
        packed = xorb.chunks.hashes(start, end)
        names = [packed[at : at + 32] for at in range(0, len(packed), 32)]
        is_there = self.blobs.size_bytes(xorb.blob.sha256) is not None
        shelf, at = self.shelf, start
        while at < end:
            try:
                for chunk in shelf.chunks(xorb, at, end) if is_there else ():
                    yield ChunkPlace(names[at - start], sizes[at - start], chunk)
                    at += 1
            except StorageFailed:
                pass
            if at < end:
                yield ChunkPlace(names[at - start], sizes[at - start], None)
                at += 1

    def find(self, wanted: Mapping[bytes, int], of_xorbs: Sequence[str]) -> FoundChunks:
        """As many of the chunks (raw hash to size) of these xorbs as can be found elsewhere."""
        found = FoundChunks()
        if len(wanted) > MAX_CHUNKS or sum(wanted.values()) > MAX_BYTES:
            return found
        for xorb_hash in of_xorbs:
            self._in_whole_files(found, wanted, xorb_hash)
        if len(found) < len(wanted):
            self._in_other_xorbs(found, wanted)
        return found

    def _in_whole_files(
        self, found: FoundChunks, wanted: Mapping[bytes, int], xorb_hash: str
    ) -> None:
        if (xorb := self.shelf.find(xorb_hash)) is None:
            return
        for sha256, terms in self._files_of(xorb_hash):
            for copy in self.copies:
                if len(found) == len(wanted):
                    return
                try:
                    with copy.open(sha256) as file:
                        _take(file, terms, xorb, wanted, found)
                except (BlobMissing, StorageFailed, OSError):
                    continue

    def _files_of(self, xorb_hash: str) -> Iterator[tuple[str, Terms]]:
        links, after = xet_file_xorbs.c, ""
        while True:
            query = (
                sa.select(xet_files)
                .join(xet_file_xorbs, links.file_hash == xet_files.c.hash)
                .where(links.xorb_hash == xorb_hash, xet_files.c.hash > after)
            )
            with self.database.read() as conn:
                row = conn.execute(query.order_by(xet_files.c.hash).limit(1)).one_or_none()
            if row is None:
                return
            after = row.hash
            yield row.sha256, Terms(bytes(row.terms))

    def _in_other_xorbs(self, found: FoundChunks, wanted: Mapping[bytes, int]) -> None:
        firsts = np.sort(np.frombuffer(b"".join(sorted(wanted)), "<u8")[::4])
        shelf, after = self.shelf, ""
        while len(found) < len(wanted):
            query = sa.select(xorbs.c.hash, xorbs.c.chunks).where(xorbs.c.hash > after)
            with self.database.read() as conn:
                page = conn.execute(query.order_by(xorbs.c.hash).limit(_TABLES_PER_PAGE)).all()
            if not page:
                return
            after = page[-1].hash
            for row in page:
                _take_matching(
                    shelf, row.hash, ChunkTable(bytes(row.chunks)), firsts, wanted, found
                )


def _take(
    file: BinaryIO,
    terms: Terms,
    xorb: StoredXorb,
    wanted: Mapping[bytes, int],
    found: FoundChunks,
) -> None:
    """Chunks of the xorb out of a whole file that these terms describe."""
    for offset, term in terms.overlapping(0, terms.size_bytes):
        if term.xorb != xorb.hash:
            continue
        names = xorb.chunks.hashes(term.start, term.end)
        at = offset
        for number, size_bytes in enumerate(xorb.chunks.sizes(term.start, term.end).tolist()):
            name = names[number * 32 : number * 32 + 32]
            if name in wanted and name not in found:
                file.seek(at)
                content = file.read(size_bytes)
                if hashes.chunk_hash(content) == name:
                    found.add(name, content)
            at += size_bytes


def _take_matching(
    shelf: Shelf,
    xorb_hash: str,
    table: ChunkTable,
    firsts: npt.NDArray[Any],
    wanted: Mapping[bytes, int],
    found: FoundChunks,
) -> None:
    packed = table.hashes(0, len(table))
    near = np.isin(np.frombuffer(packed, "<u8")[::4], firsts)
    for number in np.flatnonzero(near).tolist():
        name = packed[number * 32 : number * 32 + 32]
        if name not in wanted or name in found:
            continue
        try:
            for chunk in shelf.chunks(shelf.get(xorb_hash), number, number + 1):
                found.add(name, chunk)
        except StorageFailed:
            continue
