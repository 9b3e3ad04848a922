"""Withheld bytes that stand somewhere in other bytes, wherever they begin and end.

Content decides which windows of 64 bytes are kept, so the same ones are found in a file, behind a
prefix, in a slice or in an archive's member. Windows that anybody might have written (few different
bytes) are left out. What is kept is hashes; they stay in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.tensors import regrouped

WINDOW_BYTES: Final = 64
ENTRIES_OF_AN_OWNER: Final = 1 << 14
LEAST_BITS, MOST_BITS = 3, 20
LARGE_BYTES: Final = 16 << 20  # a part of a release in which fewer windows are looked up
LARGE_BITS: Final = 7
_PIECE_BYTES: Final = 1 << 18  # what stays in the processor's cache
_LEAST_DIFFERENT: Final = 10  # bytes in a window
_BYTE_BITS: Final = 8  # of the choice that a hash of one byte makes; a word's hash makes the rest
_NOT_ZERO: Final = np.uint8(93)  # so that stretches of zeros are never chosen
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_SIEVE_BITS: Final = 24


class Overlap(NamedTuple):
    """How much of one owner's bytes was found."""

    owner: int
    windows: int
    about_bytes: int
    share: float


class _Windows(NamedTuple):
    at: NDArray[np.intp]
    keys: NDArray[np.uint64]  # places in the sieve

    def only(self, kept: NDArray[np.bool_]) -> _Windows:
        return _Windows(self.at[kept], self.keys[kept])


@dataclass(slots=True)
class ChunkIndex:
    """Chosen windows of all owners."""

    bits_of: dict[int, int] = field(default_factory=dict)
    count_of: dict[int, int] = field(default_factory=dict)
    prints: list[NDArray[np.uint64]] = field(default_factory=list)
    owners: list[NDArray[np.int32]] = field(default_factory=list)
    _sorted: tuple[NDArray[np.uint64], NDArray[np.int32]] | None = None
    _sieve: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1 << _SIEVE_BITS, np.bool_))

    def add(self, owner: int, pieces: Iterable[bytes | memoryview], size_bytes: int) -> None:
        """The windows of one owner's bytes, which may be many gigabytes."""
        wanted = max(size_bytes, 1) / ENTRIES_OF_AN_OWNER
        bits = int(np.clip(np.ceil(np.log2(max(wanted, 1))), LEAST_BITS, MOST_BITS))
        found = [np.zeros(0, np.uint64)]
        for piece in overlapping(pieces):
            windows = _windows(piece, bits)
            windows = windows.only(_different(piece, windows.at) >= _LEAST_DIFFERENT)
            self._sieve[windows.keys] = True
            found.append(_prints(piece, windows.at))
        prints = np.unique(np.concatenate(found))
        self.bits_of[owner] = min(bits, self.bits_of.get(owner, MOST_BITS))
        self.count_of[owner] = self.count_of.get(owner, 0) + len(prints)
        self.prints.append(prints)
        self.owners.append(np.full(len(prints), owner, np.int32))
        self._sorted = None

    def search(self, size_bytes: int = 0) -> ChunkSearch:
        """A search through one part of the release, of about this size."""
        if self._sorted is None:
            prints = np.concatenate([*self.prints, np.zeros(0, np.uint64)])
            owners = np.concatenate([*self.owners, np.zeros(0, np.int32)])
            order = np.argsort(prints, kind="stable")
            self._sorted = prints[order], owners[order]
        bits = min(self.bits_of.values(), default=MOST_BITS)
        if size_bytes > LARGE_BYTES:
            bits = max(bits, LARGE_BITS)
        return ChunkSearch(self, bits, self._sieve, *self._sorted)


@dataclass(slots=True)
class ChunkSearch:
    """What was found so far; feed it pieces in order."""

    index: ChunkIndex
    bits: int  # one window in 2 to the power of these is looked up
    sieve: NDArray[np.bool_]
    prints: NDArray[np.uint64]
    owners: NDArray[np.int32]
    hits: set[int] = field(default_factory=set)

    def feed(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Look at these bytes."""
        if not len(self.prints):
            return
        for piece in overlapping(pieces):
            windows = _windows(piece, self.bits)
            windows = windows.only(self.sieve[windows.keys])
            if not windows.at.size:
                continue
            mine = np.unique(_prints(piece, windows.at))
            first = np.searchsorted(self.prints, mine, "left")
            last = np.searchsorted(self.prints, mine, "right")
            for start, end in zip(first[last > first], last[last > first], strict=True):
                self.hits.update(range(int(start), int(end)))

    def overlaps(self) -> list[Overlap]:
        """What of each owner was found."""
        owners = self.owners[np.fromiter(self.hits, np.int64, len(self.hits))]
        found = []
        for owner, count in zip(*np.unique(owners, return_counts=True), strict=True):
            windows = int(count)
            bits, total = self.index.bits_of[int(owner)], self.index.count_of[int(owner)]
            looked_up = max(bits, self.bits)
            share = min(1.0, (windows << looked_up - bits) / total)
            found.append(Overlap(int(owner), windows, windows << looked_up, share))
        return found


def overlapping(pieces: Iterable[bytes | memoryview]) -> Iterable[NDArray[np.uint8]]:
    """The bytes in large pieces, each with the end of the one before it."""
    rest = np.zeros(0, np.uint8)
    for piece in regrouped(pieces, _PIECE_BYTES):
        content = np.concatenate([rest, np.frombuffer(piece, np.uint8)])
        yield content
        rest = content[-(WINDOW_BYTES - 1) :]


def _windows(content: NDArray[np.uint8], bits: int) -> _Windows:
    """Windows that their first bytes choose; what fewer bits choose includes these."""
    if len(content) < WINDOW_BYTES:
        return _Windows(np.zeros(0, np.intp), np.zeros(0, np.uint64))
    # Arithmetic of single bytes is the fastest there is: four of them choose among 256.
    pairs = content[:-1] * np.uint8(31) + content[1:]
    fours = pairs[:-2] * np.uint8(83) + pairs[2:] + _NOT_ZERO
    last = len(content) - WINDOW_BYTES
    limit = np.uint8(1 << _BYTE_BITS - min(bits, _BYTE_BITS))
    at = np.flatnonzero(fours[: last + 1] < limit)
    mixed = _words(content)[at] * _SPREAD
    if bits > _BYTE_BITS:
        kept = mixed >> np.uint64(64 - (bits - _BYTE_BITS)) == 0
        at, mixed = at[kept], mixed[kept]
    return _Windows(at, mixed >> np.uint64(50 - _SIEVE_BITS) & np.uint64((1 << _SIEVE_BITS) - 1))


def _words(content: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The eight bytes from every place on, as a number; no copy."""
    return np.ndarray((len(content) - 7,), np.uint64, content, strides=(1,))


def _prints(content: NDArray[np.uint8], at: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Each window as a number of 64 bits."""
    prints = np.zeros(len(at), np.uint64)
    if at.size:
        words = _words(content)
        for offset in range(0, WINDOW_BYTES, 8):
            prints = (prints ^ words[at + offset]) * _SPREAD
            prints ^= prints >> np.uint64(29)
    return prints


def _different(content: NDArray[np.uint8], at: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many different bytes each window has."""
    counts = np.zeros(len(at), np.intp)
    for start in range(0, len(at), 1 << 14):
        part = at[start : start + (1 << 14)]
        sorted_bytes = np.sort(content[part[:, None] + np.arange(WINDOW_BYTES)], axis=1)
        counts[start : start + len(part)] = (np.diff(sorted_bytes, axis=1) != 0).sum(axis=1) + 1
    return counts
