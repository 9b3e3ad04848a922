"""Packing chunks into a xorb, as clients do: each in the scheme that takes the fewest bytes.

Knows frames and hashes; does not know where the bytes go. The chunks were hashed when they were
read, so a xorb's name is right if its chunks are.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import lz4.frame

from paddock.hub.xet import hashes
from paddock.hub.xet.chunks import GROUPED_LZ4, LZ4, STORED
from paddock.hub.xet.xorbs import ChunkTable
from paddock.kernels.byte_groups import grouped

_row = struct.Struct("<32sIII")


def pack_chunk(chunk: bytes | memoryview) -> bytes:
    """A chunk as it travels."""
    packed = [(STORED, bytes(chunk))]
    packed += [(LZ4, _lz4(chunk)), (GROUPED_LZ4, _lz4(grouped(chunk)))]
    scheme, payload = min(packed, key=lambda one: len(one[1]))
    head = b"\0" + len(payload).to_bytes(3, "little") + bytes([scheme])
    return head + len(chunk).to_bytes(3, "little") + payload


class XorbPacker:
    """One xorb in the making; ``write`` is given its frames in order."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._rows = bytearray()
        self._tree = hashes.MergeTree()
        self._at = 0

    def add(self, chunk: memoryview, chunk_hash: bytes) -> None:
        """The next chunk and its raw hash."""
        frame = pack_chunk(chunk)
        self._write(frame)
        start, self._at = self._at, self._at + len(frame)
        self._rows += _row.pack(chunk_hash, len(chunk), start, self._at)
        self._tree.add(chunk_hash, len(chunk))

    def finish(self) -> tuple[str, ChunkTable]:
        """Its hash in text form and its chunks; it has at least one."""
        return hashes.to_text(self._tree.root()), ChunkTable(bytes(self._rows))


def _lz4(raw: bytes | memoryview) -> bytes:
    # A chunk is one block, so what repeats is found wherever it is.
    packed: bytes = lz4.frame.compress(raw, block_size=lz4.frame.BLOCKSIZE_MAX256KB)
    return packed
