"""Views: xorbs that are nowhere stored, because a blob holds their chunks as they are.

A file that came by git-lfs is one blob. Its view gives it the Xet hash that clients give it too, so
that they may read it and copy it to other repositories, without keeping a byte twice: its chunks,
in xorbs that follow one another in the blob, framed as stored chunks while they are sent.

Knows where a view's frames lie; does not know rows. A view is a pure function of the blob's bytes,
and its chunk table says where each chunk lies.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import BinaryIO, NamedTuple

import numpy as np

from paddock.hub.xet import hashes
from paddock.hub.xet.chunks import HEADER_BYTES, STORED
from paddock.hub.xet.cutting import Cutter
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import BlobStore
from paddock.storage.errors import StorageFailed

# With their frames' headers, no more than clients pack into a xorb.
XORB_BYTES = 64 * 1024 * 1024

_row = struct.Struct("<32sIII")


class View(NamedTuple):
    """Which bytes ``[start, start + size_bytes)`` of a blob a xorb is a view of."""

    start: int
    size_bytes: int


class ViewedXorb(NamedTuple):
    """A xorb over part of a blob."""

    hash: str
    view: View
    chunks: ChunkTable

    @property
    def serialized_bytes(self) -> int:
        """Its size with the frames' headers."""
        return self.view.size_bytes + HEADER_BYTES * len(self.chunks)


class ViewedFile(NamedTuple):
    """A whole blob as a Xet file."""

    hash: str
    terms: Terms


class ViewBuilder:
    """Cuts a blob's bytes as they come, and gives ``keep`` each xorb as soon as it is complete."""

    def __init__(self, keep: Callable[[ViewedXorb], None]) -> None:
        self._keep = keep
        self._cutter = Cutter(self._add)
        self._file_tree = hashes.MergeTree()
        self._terms: list[Term] = []
        self._start = 0  # of the open xorb, in the blob
        self._open: list[tuple[bytes, int]] = []
        self._open_bytes = 0  # with the frames' headers

    def resume(self, kept: Iterable[ViewedXorb]) -> int:
        """Go on behind xorbs that were kept before, in the blob's order; from which byte on.

        A xorb ends where a chunk does, so what comes behind it is cut as if all came at once.
        """
        for xorb in kept:
            if xorb.view.start != self._start:
                break
            count = len(xorb.chunks)
            packed = xorb.chunks.hashes(0, count)
            for at, size_bytes in enumerate(xorb.chunks.sizes(0, count).tolist()):
                self._file_tree.add(packed[at * 32 : at * 32 + 32], size_bytes)
            self._terms.append(Term(hashes.from_text(xorb.hash), xorb.view.size_bytes, 0, count))
            self._start += xorb.view.size_bytes
        return self._start

    def feed(self, piece: bytes | memoryview) -> None:
        """The next piece of the blob, of any size."""
        self._cutter.feed(piece)

    def finish(self) -> ViewedFile:
        """The file, once everything was fed."""
        self._cutter.finish()
        if self._open:
            self._close()
        if not self._terms:
            return ViewedFile(hashes.to_text(hashes.EMPTY_FILE_HASH), Terms.of([]))
        file_hash = hashes.file_hash(self._file_tree.root())
        return ViewedFile(hashes.to_text(file_hash), Terms.of(self._terms))

    def _add(self, chunk: memoryview) -> None:
        frame_bytes = HEADER_BYTES + len(chunk)
        if self._open_bytes + frame_bytes > XORB_BYTES:
            self._close()
        entry = (hashes.chunk_hash(chunk), len(chunk))
        self._file_tree.add(*entry)
        self._open.append(entry)
        self._open_bytes += frame_bytes

    def _close(self) -> None:
        tree, rows, at, size_bytes = hashes.MergeTree(), bytearray(), 0, 0
        for chunk_hash, length in self._open:
            tree.add(chunk_hash, length)
            rows += _row.pack(chunk_hash, length, at, at + HEADER_BYTES + length)
            at += HEADER_BYTES + length
            size_bytes += length
        root = tree.root()
        self._terms.append(Term(root, size_bytes, 0, len(self._open)))
        view = View(self._start, size_bytes)
        self._keep(ViewedXorb(hashes.to_text(root), view, ChunkTable(bytes(rows))))
        self._start += size_bytes
        self._open, self._open_bytes = [], 0


class ViewFile:
    """A viewed xorb as a file that can be read from any place, its frames made on the way."""

    def __init__(self, blob: BinaryIO, view: View, chunks: ChunkTable) -> None:
        self._blob = blob
        self._view = view
        self._chunks = chunks
        self._ends = chunks.frame_ends(0, len(chunks)).astype(np.int64)
        self._at = 0

    def seek(self, at: int) -> int:
        """Go to a byte of the xorb as it is sent."""
        self._at = at
        return at

    def read(self, size_bytes: int) -> bytes:
        """The next bytes; fewer only at the end."""
        first = int(np.searchsorted(self._ends, self._at, side="right"))
        last = int(np.searchsorted(self._ends, self._at + size_bytes, side="left")) + 1
        last = min(last, len(self._ends))
        if size_bytes <= 0 or first >= last:
            return b""
        skip = self._at - (int(self._ends[first - 1]) if first else 0)
        framed = self._framed(first, last)[skip : skip + size_bytes]
        self._at += len(framed)
        return framed

    def close(self) -> None:
        self._blob.close()

    def __enter__(self) -> ViewFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _framed(self, first: int, last: int) -> bytes:
        """Chunks ``[first, last)`` in frames; where they lie follows from their frames' places."""
        sizes = self._chunks.sizes(first, last).tolist()
        start = int(self._ends[first]) - HEADER_BYTES * (first + 1) - sizes[0]
        self._blob.seek(self._view.start + start)
        content = memoryview(_read_all(self._blob, sum(sizes)))
        pieces: list[bytes | memoryview] = []
        at = 0
        for size in sizes:
            length = size.to_bytes(3, "little")
            pieces += [b"\0" + length + bytes([STORED]) + length, content[at : at + size]]
            at += size
        return b"".join(pieces)


def open_view(blobs: BlobStore, sha256: str, view: View, chunks: ChunkTable) -> ViewFile:
    """The viewed xorb, to be read; raises BlobMissing."""
    return ViewFile(blobs.open(sha256), view, chunks)


def _read_all(blob: BinaryIO, size_bytes: int) -> bytes:
    content = blob.read(size_bytes)
    while len(content) < size_bytes:
        more = blob.read(size_bytes - len(content))
        if not more:
            raise StorageFailed("a blob is shorter than its row says")
        content += more
    return content
