"""LZ4 frames by hand: every field may say what it likes, and its checksum still fits.

magic 04 22 4D 18, flags, block size, [content size], [dictionary id], header checksum
blocks: length (highest bit: stored as it is), bytes, [checksum]
four zero bytes, [content checksum]
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = bytes.fromhex("04224d18")
LEGACY_MAGIC = bytes.fromhex("02214c18")
SKIPPABLE_MAGIC = bytes.fromhex("502a4d18")
END_MARK = bytes(4)

_PRIMES = 2654435761, 2246822519, 3266489917, 668265263, 374761393
_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class Header:
    """A frame's head, honest unless told otherwise."""

    version: int = 1
    linked: bool = False
    block_checksums: bool = False
    content_size: int | None = None
    content_checksum: bool = False
    reserved_flag: int = 0
    dictionary: int | None = None
    block_size: int = 4  # 64 KiB
    reserved_block_bits: int = 0  # as they stand in the byte
    checksum: int | None = None

    @property
    def packed(self) -> bytes:
        flags = self.version << 6 | (not self.linked) << 5 | self.block_checksums << 4
        flags |= (self.content_size is not None) << 3 | self.content_checksum << 2
        flags |= self.reserved_flag << 1 | (self.dictionary is not None)
        fields = bytes([flags, self.block_size << 4 | self.reserved_block_bits])
        if self.content_size is not None:
            fields += struct.pack("<Q", self.content_size)
        if self.dictionary is not None:
            fields += struct.pack("<I", self.dictionary)
        own = xxh32(fields) >> 8 & 0xFF
        return MAGIC + fields + bytes([own if self.checksum is None else self.checksum])


def stored_block(content: bytes) -> bytes:
    """A block that is not compressed."""
    return struct.pack("<I", len(content) | 1 << 31) + content


def block(compressed: bytes) -> bytes:
    """A block of sequences."""
    return struct.pack("<I", len(compressed)) + compressed


def literals(content: bytes) -> bytes:
    """Sequences that are nothing but these bytes: the end of a block."""
    if len(content) < 15:
        return bytes([len(content) << 4]) + content
    return b"\xf0" + _run(len(content) - 15) + content


def match(before: bytes, offset: int, length: int) -> bytes:
    """A sequence: some literals, at most 14, then a copy of what stands ``offset`` bytes back."""
    short = min(length - 4, 15)
    extra = _run(length - 19) if short == 15 else b""
    return bytes([len(before) << 4 | short]) + before + struct.pack("<H", offset) + extra


def frame(blocks: bytes, header: Header | None = None, end: bytes = END_MARK) -> bytes:
    """A whole frame."""
    return (header or Header()).packed + blocks + end


def xxh32(content: bytes) -> int:
    """The checksum of fewer than 16 bytes."""
    one, two, three, four, five = _PRIMES
    total = five + len(content) & _MASK
    words = len(content) // 4 * 4
    for (word,) in struct.iter_unpack("<I", content[:words]):
        total = _rotated(total + word * three, 17) * four & _MASK
    for byte in content[words:]:
        total = _rotated(total + byte * five, 11) * one & _MASK
    total = (total ^ total >> 15) * two & _MASK
    total = (total ^ total >> 13) * three & _MASK
    return total ^ total >> 16


def _rotated(number: int, by: int) -> int:
    number &= _MASK
    return (number << by | number >> 32 - by) & _MASK


def _run(length: int) -> bytes:
    return b"\xff" * (length // 255) + bytes([length % 255])
