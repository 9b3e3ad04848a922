"""Xorbs: chunks one after another, up to 64 MiB, named by the merge tree over their hashes.

``XorbParser`` takes a xorb as it arrives, in pieces of any size, and passes on only frames that it
unpacked and hashed. ``ChunkTable`` is what is remembered: of each chunk its hash, its unpacked size
and where its frame lies. Does not know where the bytes go.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from paddock.hub.xet import hashes
from paddock.hub.xet.chunks import HEADER_BYTES, BadXorb, parse_header, unpack_arriving
from paddock.hub.xet.footers import MAX_XORB_FOOTER_BYTES, XORB_TAG, is_true_of_xorb

MAX_CHUNKS = 8192
# 64 MiB of frames, and room for the footer that older clients append.
MAX_XORB_BYTES = 65 * 1024 * 1024

_row = struct.Struct("<32sIII")
_ROWS = np.dtype([("hash", "V32"), ("unpacked", "<u4"), ("start", "<u4"), ("end", "<u4")])


class ChunkTable:
    """The chunks of one xorb, in order; ``packed`` is the form in which it is kept."""

    __slots__ = ("_rows", "packed")

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self._rows: npt.NDArray[Any] = np.frombuffer(packed, _ROWS)

    def __len__(self) -> int:
        return len(self._rows)

    def unpacked_bytes(self, start: int = 0, end: int | None = None) -> int:
        """Sum of the sizes of chunks ``[start, end)``."""
        return int(self._rows["unpacked"][start:end].sum(dtype=np.int64))

    def sizes(self, start: int, end: int) -> npt.NDArray[np.uint32]:
        """Unpacked size of each of the chunks ``[start, end)``."""
        sizes: npt.NDArray[np.uint32] = self._rows["unpacked"][start:end]
        return sizes

    def hashes(self, start: int, end: int) -> bytes:
        """Raw hashes of chunks ``[start, end)``, one after the other."""
        packed: bytes = self._rows["hash"][start:end].tobytes()
        return packed

    def byte_range(self, start: int, end: int) -> tuple[int, int]:
        """Where the frames of chunks ``[start, end)`` lie in the xorb, end exclusive."""
        return int(self._rows["start"][start]), int(self._rows["end"][end - 1])

    def frame_ends(self, start: int, end: int) -> npt.NDArray[np.uint32]:
        """Where each frame of chunks ``[start, end)`` ends in the xorb."""
        ends: npt.NDArray[np.uint32] = self._rows["end"][start:end]
        return ends


class XorbParser:
    """Verifies a xorb while it arrives; ``write`` is given whole, verified frames and no footer."""

    def __init__(self, write: Callable[[memoryview], None]) -> None:
        self._write = write
        self._rest = bytearray()  # of a frame that is not whole yet
        self._rows = bytearray()
        self._frame_start = 0
        self._in_footer = False
        self._footer = bytearray()

    def feed(self, piece: bytes | memoryview) -> None:
        """The next piece of the xorb; raises BadXorb at the first frame that is not honest."""
        view = memoryview(piece)
        at = self._complete_rest(view) if self._rest else 0
        if self._rest:
            return
        first = at
        while not self._in_footer and (taken := self._take_frame(view[at:])):
            at += taken
        self._write(view[first:at])
        if self._in_footer:
            self._footer += view[at : at + MAX_XORB_FOOTER_BYTES - len(self._footer)]
        else:
            self._rest += view[at:]

    def _complete_rest(self, view: memoryview) -> int:
        """Take from the piece what its first frame lacks; how many bytes that was."""
        at = min(len(view), max(0, HEADER_BYTES - len(self._rest)))
        self._rest += view[:at]
        if len(self._rest) >= HEADER_BYTES and self._rest[: len(XORB_TAG)] != XORB_TAG:
            length = HEADER_BYTES + parse_header(bytes(self._rest[:HEADER_BYTES])).payload_bytes
            more = min(len(view) - at, length - len(self._rest))
            self._rest += view[at : at + more]
            at += more
        frame = memoryview(bytes(self._rest))
        if self._take_frame(frame):
            self._write(frame)
        elif self._in_footer:
            self._footer += frame
        else:
            return at
        self._rest = bytearray()
        return at

    def finish(self) -> tuple[str, ChunkTable]:
        """The xorb's own hash in text form and its chunks, once everything was fed."""
        if self._rest:
            raise BadXorb(f"the xorb ends inside a chunk, with {len(self._rest)} bytes of it")
        if not self._rows:
            raise BadXorb("the xorb has no chunk")
        table, tree = ChunkTable(bytes(self._rows)), hashes.MergeTree()
        tree.add_all(table.hashes(0, len(table)), table.sizes(0, len(table)).tolist())
        root = tree.root()
        if self._footer and not _is_true(bytes(self._footer), root, table):
            raise BadXorb("the xorb's footer says otherwise than its chunks")
        return hashes.to_text(root), table

    def _take_frame(self, view: memoryview) -> int:
        """Length of the verified frame at the front; 0 when it is not whole yet, or a footer."""
        if view[: len(XORB_TAG)] == XORB_TAG:
            self._in_footer = True
            return 0
        if len(view) < HEADER_BYTES:
            return 0
        header = parse_header(view[:HEADER_BYTES])
        length = HEADER_BYTES + header.payload_bytes
        if len(view) < length:
            return 0
        self._add(
            hashes.chunk_hash(unpack_arriving(header, view[HEADER_BYTES:length])), header[2], length
        )
        return length

    def _add(self, chunk_hash: bytes, unpacked_bytes: int, frame_bytes: int) -> None:
        if len(self._rows) == MAX_CHUNKS * _row.size:
            raise BadXorb(f"the xorb has more than {MAX_CHUNKS} chunks")
        start, self._frame_start = self._frame_start, self._frame_start + frame_bytes
        self._rows += _row.pack(chunk_hash, unpacked_bytes, start, self._frame_start)


def _is_true(footer: bytes, root: bytes, chunks: ChunkTable) -> bool:
    every = (0, len(chunks))
    unpacked_ends = np.cumsum(chunks.sizes(*every), dtype=np.int64)
    ends = [*chunks.frame_ends(*every).tolist(), *unpacked_ends.tolist()]
    return is_true_of_xorb(footer, root, chunks.hashes(*every), ends)
