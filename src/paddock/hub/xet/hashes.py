"""Xet's hashes: keyed BLAKE3 of chunks, the merge tree over them, and the text form of a hash.

Knows bytes and lengths only. A hash is 32 raw bytes here and in binary messages; its text form,
used in addresses, JSON and rows, prints them as four little-endian 64-bit numbers.
"""

from __future__ import annotations

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

EMPTY_FILE_HASH = bytes(HASH_BYTES)


def to_text(raw: bytes) -> str:
    """The text form of a raw hash."""
    return "".join(raw[at : at + 8][::-1].hex() for at in range(0, HASH_BYTES, 8))


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
        at = 0
        while True:
            level = self._levels[at]
            level.open.append((raw, length))
            level.entries += 1
            if not level.ends_at(raw):
                return
            raw, length = level.close()
            at += 1
            if at == len(self._levels):
                self._levels.append(_Level())

    def root(self) -> bytes:
        """The tree's root; no leaf may follow. There is none without a leaf."""
        carried: tuple[bytes, int] | None = None
        for at, level in enumerate(self._levels):
            if carried is not None:
                level.open.append(carried)
                level.entries += 1
            is_last = at + 1 == len(self._levels)
            if is_last and level.entries == 1:
                return level.open[0][0]
            carried = level.close() if level.open else None
        if carried is None:
            raise ValueError("a merge tree needs at least one leaf")
        return carried[0]


class _Level:
    """Entries of one height: those that wait for their group to end, and how many there were."""

    __slots__ = ("entries", "open")

    def __init__(self) -> None:
        self.open: list[tuple[bytes, int]] = []
        self.entries = 0

    def ends_at(self, raw: bytes) -> bool:
        """Whether the entry that was added last ends its group."""
        count = len(self.open)
        # The last number is little-endian: its lowest bits are those of byte 24.
        return count == _MAX_CHILDREN or (count >= _MIN_CHILDREN and raw[24] & 3 == 0)

    def close(self) -> tuple[bytes, int]:
        """The node over the open group."""
        text = "".join(f"{to_text(raw)} : {length}\n" for raw, length in self.open)
        total = sum(length for _, length in self.open)
        self.open.clear()
        return blake3(text.encode(), key=_NODE_KEY).digest(), total
