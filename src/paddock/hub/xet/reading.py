"""A Xet file's bytes, from its terms: any range, in memory that does not grow with the file.

Knows where frames lie and how a chunk unpacks. Every chunk is hashed again as it is read: what was
verified on arrival and has another hash now is damage on the medium, never the reader's fault.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import sqlalchemy as sa

from paddock.hub.xet import hashes, layout, variants
from paddock.hub.xet.chunks import HEADER_BYTES, BadXorb, parse_header, unpack
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.records import StoredXorb, find_xorb, find_xorbs
from paddock.hub.xet.views import ViewFile, open_view
from paddock.storage.blobs import BlobMissing, BlobStore
from paddock.storage.database import Reads
from paddock.storage.errors import StorageFailed

# Frames are read from the medium in pieces of about this size.
_READ_BYTES = 1 << 20
_PIECE_BYTES = 1 << 19
_HASH_BYTES = 32
_TABLES_KEPT_BYTES = 16 << 20  # 46 of the largest tables, hundreds of usual ones

_XORBS_AT_ONCE = 32


class XorbDamaged(StorageFailed):
    """Stored bytes are not what they were when they were verified."""

    code = "xorb_damaged"


class Shelf:
    """Xorbs by hash; the chunk tables that were used last are remembered. Not shared by threads."""

    def __init__(self, database: Reads, blobs: BlobStore, repo_id: int | None = None) -> None:
        """``repo_id``: as this repository sees them (``variants``)."""
        self._database = database
        self._repo_id = repo_id
        self._has_variants: bool | None = None if repo_id else False
        self._blobs = blobs
        self._kept: OrderedDict[str, StoredXorb] = OrderedDict()
        self._kept_bytes = 0

    def find(self, xorb_hash: str) -> StoredXorb | None:
        """The xorb, or None when it was never uploaded."""
        if (kept := self._kept.get(xorb_hash)) is not None:
            self._kept.move_to_end(xorb_hash)
            return kept
        with self._database.read() as conn:
            found = self._own(conn, [xorb_hash]).get(xorb_hash) or find_xorb(conn, xorb_hash)
        if found is not None:
            self._kept[xorb_hash] = found
            self._kept_bytes += len(found.chunks.packed)
            while self._kept_bytes > _TABLES_KEPT_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped.chunks.packed)
        return found

    def _own(self, conn: sa.Connection, xorb_hashes: Sequence[str]) -> dict[str, StoredXorb]:
        """Those that the repository sees in a form of its own."""
        if self._repo_id is None:
            return {}
        if self._has_variants is None:
            self._has_variants = variants.are_in(conn, self._repo_id)
        return variants.among(conn, self._repo_id, xorb_hashes) if self._has_variants else {}

    def get(self, xorb_hash: str) -> StoredXorb:
        """The xorb, which a verified file names; raises XorbDamaged when it is gone."""
        if (found := self.find(xorb_hash)) is None:
            raise XorbDamaged(f"xorb {xorb_hash} is gone")
        return found

    def get_each(self, xorb_hashes: Iterable[str]) -> Iterator[StoredXorb]:
        """The same of several, in order, looking for some at a time."""
        wanted = iter(xorb_hashes)
        while some := list(islice(wanted, _XORBS_AT_ONCE)):
            with self._database.read() as conn:
                found = {**find_xorbs(conn, some), **self._own(conn, some)}
            for xorb_hash in some:
                if xorb_hash not in found:
                    raise XorbDamaged(f"xorb {xorb_hash} is gone")
                yield found[xorb_hash]

    def chunks(
        self, xorb: StoredXorb, start: int, end: int, *, is_checked: bool = True
    ) -> Iterator[memoryview]:
        """The unpacked bytes of chunks ``[start, end)``, chunk by chunk.

        Without ``is_checked`` they are not hashed: for a caller who proves the whole otherwise.
        """
        at, _ = xorb.chunks.byte_range(start, end)
        ends = xorb.chunks.frame_ends(start, end).tolist()
        expected = memoryview(xorb.chunks.hashes(start, end))
        with open_xorb(self._blobs, xorb) as file:
            file.seek(at)
            while ends:
                count = _frames_within(ends, at + _READ_BYTES)
                window = memoryview(file.read(ends[count - 1] - at))
                if len(window) != ends[count - 1] - at:
                    raise XorbDamaged(f"xorb {xorb.hash} ends at byte {at + len(window)}")
                proofs, expected = expected[: count * _HASH_BYTES], expected[count * _HASH_BYTES :]
                chunks = unpack_frames(xorb, window, [end - at for end in ends[:count]])
                yield from checked(xorb, chunks, proofs) if is_checked else chunks
                at = ends[count - 1]
                del ends[:count]


def open_xorb(blobs: BlobStore, xorb: StoredXorb) -> BinaryIO | ViewFile:
    """The xorb as it is sent, to be read from any place; raises XorbDamaged when it is gone."""
    try:
        if xorb.view is None:
            return blobs.open(xorb.blob.sha256)
        return open_view(blobs, xorb.blob.sha256, xorb.view, xorb.chunks)
    except BlobMissing as e:  # what a row names was safe once: the medium lost it
        raise XorbDamaged(f"xorb {xorb.hash} is gone") from e


def read_chunks(
    shelf: Shelf, terms: Terms, start: int, end: int, *, is_checked: bool = True
) -> Iterator[memoryview]:
    """The file's bytes ``[start, end)`` by chunks; ``is_checked`` as ``Shelf.chunks`` has it."""
    for offset, term in terms.overlapping(start, end):
        xorb = shelf.get(term.xorb)
        sizes = xorb.chunks.sizes(term.start, term.end)
        first, last = max(start - offset, 0), min(end - offset, term.unpacked_bytes)
        span = layout.trim(sizes, term.start, first, last)
        left = last - first
        skip = span.skip_bytes
        for chunk in shelf.chunks(xorb, span.start, span.end, is_checked=is_checked):
            yield chunk[skip : skip + left]
            left -= len(chunk) - skip
            skip = 0


def read_file(shelf: Shelf, terms: Terms, start: int, end: int) -> Iterator[bytes]:
    """Bytes ``[start, end)`` of the file in pieces of about half a megabyte."""
    waiting: list[memoryview] = []
    waiting_bytes = 0
    for chunk in read_chunks(shelf, terms, start, end):
        waiting.append(chunk)
        waiting_bytes += len(chunk)
        if waiting_bytes >= _PIECE_BYTES:
            yield b"".join(waiting)
            waiting, waiting_bytes = [], 0
    if waiting:
        yield b"".join(waiting)


def _frames_within(ends: list[int], limit: int) -> int:
    """How many of the frames end before ``limit``; at least one."""
    count = 1
    while count < len(ends) and ends[count] <= limit:
        count += 1
    return count


def unpack_frames(xorb: StoredXorb, window: memoryview, ends: list[int]) -> Iterator[memoryview]:
    """The chunks of frames that follow one another; raises XorbDamaged."""
    start = 0
    for end in ends:
        frame = window[start:end]
        start = end
        try:
            yield unpack(parse_header(frame), frame[HEADER_BYTES:])
        except BadXorb as e:
            raise XorbDamaged(f"xorb {xorb.hash} no longer unpacks") from e


def checked(
    xorb: StoredXorb, chunks: Iterator[memoryview], expected: memoryview
) -> Iterator[memoryview]:
    """The same chunks, each compared with its hash; raises XorbDamaged."""
    for number, chunk in enumerate(chunks):
        if hashes.chunk_hash(chunk) != expected[number * _HASH_BYTES : (number + 1) * _HASH_BYTES]:
            raise XorbDamaged(f"xorb {xorb.hash} has other bytes than it had")
        yield chunk
