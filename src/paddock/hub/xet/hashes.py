"""Xet's hashes: keyed BLAKE3 of chunks, the merge tree over them, and the text form of a hash.

Knows bytes and lengths only. A hash is 32 raw bytes here and in binary messages; its text form,
used in addresses, JSON and rows, prints them as four little-endian 64-bit numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from blake3 import blake3

HASH_BYTES = 32

_DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_VERIFY_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_ZERO_KEY = bytes(HASH_BYTES)

# A group of the merge tree has at most 9 children, and ends from its third child on at a hash whose
# last 64-bit number is divisible by 4.
_MAX_CHILDREN = 9
_MIN_CHILDREN = 3
_LEAVES_AT_ONCE = 8192

_TEXT = re.compile(r"[0-9a-f]{64}")

EMPTY_FILE_HASH = bytes(HASH_BYTES)


def to_text(raw: bytes) -> str:
    """The text form of a raw hash."""
    return "".join(raw[at : at + 8][::-1].hex() for at in range(0, HASH_BYTES, 8))


def is_text(text: str) -> bool:
    """Whether this is the text form of a hash."""
    return _TEXT.fullmatch(text) is not None


def from_text(text: str) -> bytes:
    """The raw hash of a text form."""
    packed = bytes.fromhex(text)
    return b"".join(packed[at : at + 8][::-1] for at in range(0, HASH_BYTES, 8))


def keyed(key: bytes, chunk_hash: bytes) -> bytes:
    """Stands for a chunk's hash in an answer that has a key of its own."""
    return blake3(chunk_hash, key=key).digest()


def chunk_hash(content: bytes | memoryview) -> bytes:
    """Names a chunk's uncompressed bytes."""
    return blake3(content, key=_DATA_KEY).digest()


def verification_hash(chunk_hashes: bytes) -> bytes:
    """Proves knowledge of a term's chunk hashes, given one after the other."""
    return blake3(chunk_hashes, key=_VERIFY_KEY).digest()


def file_hash(root: bytes) -> bytes:
    """Names a file, given the merge tree's root over all its chunks."""
    return blake3(root, key=_ZERO_KEY).digest()


class MergeTree:
    """The merge tree over (hash, length) pairs, built from left to right.

    Its memory grows with its height alone. A single pair is its own root.
    """

    def __init__(self) -> None:
        self._levels: list[_Level] = [_Level()]

    def add(self, raw: bytes, length: int) -> None:
        """The next leaf."""
        self._extend(0, raw, [length])

    def add_all(self, raws: bytes, lengths: Sequence[int]) -> None:
        """The next leaves: their hashes one after the other, and their lengths."""
        for at in range(0, len(lengths), _LEAVES_AT_ONCE):
            some = raws[at * HASH_BYTES : (at + _LEAVES_AT_ONCE) * HASH_BYTES]
            self._extend(0, some, lengths[at : at + _LEAVES_AT_ONCE])

    def root(self) -> bytes:
        """The tree's root; no leaf may follow. There is none without a leaf."""
        carried: _Entry | None = None
        for at, level in enumerate(self._levels):
            if carried is not None:
                level.open.append(carried)
                level.entries += 1
            is_last = at + 1 == len(self._levels)
            if is_last and level.entries == 1:
                return level.open[0].raw
            carried = level.close() if level.open else None
        if carried is None:
            raise ValueError("a merge tree needs at least one leaf")
        return carried.raw

    def _extend(self, height: int, raws: bytes, lengths: Sequence[int]) -> None:
        """Add entries to a level, and the nodes that they complete to the levels above."""
        while lengths:
            if height == len(self._levels):
                self._levels.append(_Level())
            nodes = self._levels[height].extend(raws, lengths)
            raws, lengths = b"".join([node.raw for node in nodes]), [node.length for node in nodes]
            height += 1


class _Entry(NamedTuple):
    """A leaf or a node: its hash, the bytes under it, and its hash in text form."""

    raw: bytes
    length: int
    text: str


class _Level:
    """Entries of one height: those that wait for their group to end, and how many there were."""

    __slots__ = ("entries", "open")

    def __init__(self) -> None:
        self.open: list[_Entry] = []
        self.entries = 0

    def extend(self, raws: bytes, lengths: Sequence[int]) -> list[_Entry]:
        """Add entries; the nodes over the groups that end with them."""
        nodes = []
        # The last number is little-endian: its lowest bits are those of byte 24.
        lowest = raws[24::HASH_BYTES]
        for at, (text, length) in enumerate(zip(_texts(raws), lengths, strict=True)):
            self.open.append(_Entry(raws[at * HASH_BYTES : (at + 1) * HASH_BYTES], length, text))
            count = len(self.open)
            if count == _MAX_CHILDREN or (count >= _MIN_CHILDREN and lowest[at] & 3 == 0):
                nodes.append(self.close())
        self.entries += len(lengths)
        return nodes

    def close(self) -> _Entry:
        """The node over the open group."""
        text = "".join([f"{entry.text} : {entry.length}\n" for entry in self.open])
        length = sum([entry.length for entry in self.open])
        self.open.clear()
        raw = blake3(text.encode(), key=_NODE_KEY).digest()
        return _Entry(raw, length, to_text(raw))


def _texts(raws: bytes) -> list[str]:
    """The text forms of several hashes, one after the other."""
    if len(raws) == HASH_BYTES:
        return [to_text(raws)]
    hexed = np.frombuffer(raws, "<u8").byteswap().tobytes().hex()
    return [hexed[at : at + 64] for at in range(0, len(hexed), 64)]
