"""Views: xorbs that are nowhere stored, because a blob holds their chunks as they are.

A file that came by git-lfs is one blob. Its view gives it a Xet hash, so that Xet clients may read
it and copy it to other repositories, without keeping a byte twice: chunks of ``CHUNK_BYTES`` each,
in xorbs that follow one another in the blob, framed as stored chunks while they are sent. Another
cut than the clients' is as good for readers; it only gives the file another hash than theirs.

Knows where a view's frames lie; does not know rows. A view is a pure function of the blob's bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from paddock.hub.xet import hashes
from paddock.hub.xet.chunks import HEADER_BYTES, STORED
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.xorbs import ChunkTable
from paddock.storage.blobs import BlobStore
from paddock.storage.errors import StorageFailed

CHUNK_BYTES = 64 * 1024
# With their frames' headers, no more than clients pack into a xorb.
CHUNKS_PER_XORB = 1023
_FRAME_BYTES = HEADER_BYTES + CHUNK_BYTES

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
        self._rest = bytearray()
        self._file_tree = hashes.MergeTree()
        self._terms: list[Term] = []
        self._start = 0  # of the open xorb, in the blob
        self._open: list[tuple[bytes, int]] = []

    def feed(self, piece: bytes | memoryview) -> None:
        """The next piece of the blob, of any size."""
        view = memoryview(piece)
        at = 0
        if self._rest:
            at = CHUNK_BYTES - len(self._rest)
            self._rest += view[:at]
            if len(self._rest) < CHUNK_BYTES:
                return
            self._add(self._rest)
            self._rest = bytearray()
        while len(view) - at >= CHUNK_BYTES:
            self._add(view[at : at + CHUNK_BYTES])
            at += CHUNK_BYTES
        self._rest += view[at:]

    def finish(self) -> ViewedFile:
        """The file, once everything was fed."""
        if self._rest:
            self._add(self._rest)
        if self._open:
            self._close()
        if not self._terms:
            return ViewedFile(hashes.to_text(hashes.EMPTY_FILE_HASH), Terms.of([]))
        file_hash = hashes.file_hash(self._file_tree.root())
        return ViewedFile(hashes.to_text(file_hash), Terms.of(self._terms))

    def _add(self, chunk: bytearray | memoryview) -> None:
        entry = (hashes.chunk_hash(memoryview(chunk)), len(chunk))
        self._file_tree.add(*entry)
        self._open.append(entry)
        if len(self._open) == CHUNKS_PER_XORB:
            self._close()

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
        self._open = []


class ViewFile:
    """A viewed xorb as a file that can be read from any place, its frames made on the way."""

    def __init__(self, blob: BinaryIO, view: View) -> None:
        self._blob = blob
        self._view = view
        self._at = 0

    def seek(self, at: int) -> int:
        """Go to a byte of the xorb as it is sent."""
        self._at = at
        return at

    def read(self, size_bytes: int) -> bytes:
        """The next bytes; fewer only at the end."""
        frame, skip = divmod(self._at, _FRAME_BYTES)
        first = frame * CHUNK_BYTES
        frames = -(-(skip + size_bytes) // _FRAME_BYTES)
        last = min(first + frames * CHUNK_BYTES, self._view.size_bytes)
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
        """Bytes ``[first, last)`` of the view, which begin with a chunk, in frames."""
        if first >= last:
            return b""
        self._blob.seek(self._view.start + first)
        content = memoryview(_read_all(self._blob, last - first))
        pieces: list[bytes | memoryview] = []
        for at in range(0, len(content), CHUNK_BYTES):
            chunk = content[at : at + CHUNK_BYTES]
            length = len(chunk).to_bytes(3, "little")
            pieces += [b"\0" + length + bytes([STORED]) + length, chunk]
        return b"".join(pieces)


def open_view(blobs: BlobStore, sha256: str, view: View) -> ViewFile:
    """The viewed xorb, to be read; raises BlobMissing."""
    return ViewFile(blobs.open(sha256), view)


def _read_all(blob: BinaryIO, size_bytes: int) -> bytes:
    content = blob.read(size_bytes)
    while len(content) < size_bytes:
        more = blob.read(size_bytes - len(content))
        if not more:
            raise StorageFailed("a blob is shorter than its row says")
        content += more
    return content
