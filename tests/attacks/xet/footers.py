"""Footers as clients of some versions write them, field by field: of xorbs and of shards.

A xorb's footer repeats what its frames say. A shard's says where its sections are. Honest unless a
field is told otherwise.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.hub.xet.messages import File, Xorb, xorb_records

_TAG = b"XETBLOB"


@dataclass(frozen=True)
class XorbFooter:
    """What stands behind a xorb's frames, of its second version; ``claimed`` replaces fields."""

    xorb: Xorb
    name: bytes | None = None
    hashes: list[bytes] | None = None
    frame_ends: list[int] | None = None
    unpacked_ends: list[int] | None = None
    count: int | None = None

    @property
    def packed(self) -> bytes:
        frame_ends, unpacked_ends = ends(self.xorb)
        names = self.hashes or [hash_ for hash_, _ in self.xorb.entries]
        count = struct.pack("<I", len(names) if self.count is None else self.count)
        hash_part = b"XBLBHSH\0" + count + b"".join(names)
        numbers = (self.frame_ends or frame_ends) + (self.unpacked_ends or unpacked_ends)
        border_part = b"XBLBBND\1" + count + struct.pack(f"<{len(numbers)}I", *numbers)
        head = _TAG + b"\1" + (self.name or self.xorb.raw_hash)
        tail_bytes = 4 + 4 + 4 + 16
        from_end = [len(hash_part) + len(border_part) + tail_bytes, len(border_part) + tail_bytes]
        whole = head + hash_part + border_part + count + struct.pack("<II", *from_end) + bytes(16)
        return whole + struct.pack("<I", len(whole))


def ends(xorb: Xorb) -> tuple[list[int], list[int]]:
    """Where each frame ends, and where each chunk ends once it is unpacked."""
    framed, unpacked = [], []
    at = size = 0
    for chunk in xorb.chunks:
        at, size = at + 8 + len(chunk), size + len(chunk)
        framed.append(at)
        unpacked.append(size)
    return framed, unpacked


@dataclass(frozen=True)
class ShardFooter:
    """What stands at the end of a shard, without look-up tables, as some clients send it."""

    files_at: int
    xorbs_at: int
    own: int
    version: int = 1
    tables: int | None = None  # where they are said to be, all three
    key: bytes = bytes(32)

    @classmethod
    def of(cls, files: list[File], xorbs: list[Xorb]) -> ShardFooter:
        """That of this shard."""
        end_of_files = 96 + sum(len(file.records) for file in files)
        end = end_of_files + 48 + sum(len(xorb_records(xorb)) for xorb in xorbs)
        return cls(48, end_of_files, end)

    @property
    def packed(self) -> bytes:
        at = self.own if self.tables is None else self.tables
        places = struct.pack("<9Q", self.version, self.files_at, self.xorbs_at, *[at, 0] * 3)
        return places + self.key + struct.pack("<2Q48x4Q", 1, 2, 3, 4, 5, self.own)
