"""Shards that the hub itself sends: no files, some xorbs, a footer with the key of their hashes.

Knows the format alone. Look-up tables may be missing, but the footer must say where they would be:
clients take the end of the xorbs from there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from paddock.hub.xet.shards import BOOKEND, TAG, VERSION, shard_header

_ROW = np.dtype([("hash", "V32"), ("at", "<u4"), ("bytes", "<u4"), ("flags", "<u4"), ("_", "<u4")])
_FOOTER_VERSION = 1
_xorb_header = struct.Struct("<32sIIII")
_END = BOOKEND + bytes(16)
_footer = struct.Struct("<9Q32sQQ48xQQQQ")


class ToldXorb(NamedTuple):
    """A xorb as a client is told of it."""

    xorb_hash: bytes
    tags: bytes  # what stands for its chunks' hashes, one after the other
    sizes: npt.NDArray[np.uint32]  # of its chunks, unpacked

    @property
    def unpacked_bytes(self) -> int:
        return int(self.sizes.sum(dtype=np.int64))


def render(xorbs: Sequence[ToldXorb], key: bytes, made: int, end: int) -> bytes:
    """The shard; ``made`` and ``end`` are Unix times, of now and of when it is good no more."""
    head = shard_header.pack(TAG, VERSION, _footer.size) + _END
    body = b"".join(_records(xorb) for xorb in xorbs) + _END
    at = len(head) + len(body)
    total = sum(xorb.unpacked_bytes for xorb in xorbs)
    offsets = (shard_header.size, len(head), at, 0, at, 0, at, 0)
    return (
        head
        + body
        + _footer.pack(_FOOTER_VERSION, *offsets, key, made, end, total, total, total, at)
    )


def _records(xorb: ToldXorb) -> bytes:
    rows = np.zeros(len(xorb.sizes), _ROW)
    rows["hash"] = np.frombuffer(xorb.tags, "V32")
    rows["bytes"] = xorb.sizes
    rows["at"] = np.cumsum(xorb.sizes, dtype=np.int64) - xorb.sizes
    total = xorb.unpacked_bytes
    return _xorb_header.pack(xorb.xorb_hash, 0, len(rows), total, total) + rows.tobytes()
