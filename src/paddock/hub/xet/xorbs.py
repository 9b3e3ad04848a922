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
from paddock.hub.xet.chunks import HEADER_BYTES, BadXorb, parse_header, unpack

MAX_CHUNKS = 8192
# 64 MiB of frames, and room for the footer that older clients append.
MAX_XORB_BYTES = 65 * 1024 * 1024

# Where a frame should begin, this tag begins a footer: data derived from the frames, and dropped.
_FOOTER_TAG = b"XETBLOB"

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
        self._rest = b""
        self._rows = bytearray()
        self._tree = hashes.MergeTree()
        self._frame_start = 0
        self._in_footer = False

    def feed(self, piece: bytes) -> None:
        """The next piece of the xorb; raises BadXorb at the first frame that is not honest."""
        if self._in_footer:
            return
        buffer = self._rest + piece if self._rest else piece
        view = memoryview(buffer)
        at = 0
        while taken := self._take_frame(view[at:]):
            at += taken
        self._write(view[:at])
        self._rest = b"" if self._in_footer else bytes(view[at:])

    def finish(self) -> tuple[str, ChunkTable]:
        """The xorb's own hash in text form and its chunks, once everything was fed."""
        if self._rest:
            raise BadXorb(f"the xorb ends inside a chunk, with {len(self._rest)} bytes of it")
        if not self._rows:
            raise BadXorb("the xorb has no chunk")
        return hashes.to_text(self._tree.root()), ChunkTable(bytes(self._rows))

    def _take_frame(self, view: memoryview) -> int:
        """Length of the verified frame at the front; 0 when it is not whole yet, or a footer."""
        if view[: len(_FOOTER_TAG)] == _FOOTER_TAG:
            self._in_footer = True
            return 0
        if len(view) < HEADER_BYTES:
            return 0
        header = parse_header(view[:HEADER_BYTES])
        length = HEADER_BYTES + header.payload_bytes
        if len(view) < length:
            return 0
        self._add(hashes.chunk_hash(unpack(header, view[HEADER_BYTES:length])), header[2], length)
        return length

    def _add(self, chunk_hash: bytes, unpacked_bytes: int, frame_bytes: int) -> None:
        if len(self._rows) == MAX_CHUNKS * _row.size:
            raise BadXorb(f"the xorb has more than {MAX_CHUNKS} chunks")
        start, self._frame_start = self._frame_start, self._frame_start + frame_bytes
        self._rows += _row.pack(chunk_hash, unpacked_bytes, start, self._frame_start)
        self._tree.add(chunk_hash, unpacked_bytes)
