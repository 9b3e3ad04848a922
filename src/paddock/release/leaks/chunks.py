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
SPAN_BYTES: Final = 16
ENTRIES_OF_AN_OWNER: Final = 1 << 14
LEAST_BITS, MOST_BITS = 3, 20
_PIECE_BYTES: Final = 1 << 20
_LEAST_DIFFERENT: Final = 10  # bytes in a window
_FACTOR: Final = np.uint32(0x01000193)  # FNV's prime
_MIX: Final = np.uint32(0x9E3779B1)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)


class Overlap(NamedTuple):
    """How much of one owner's bytes was found."""

    owner: int
    windows: int
    about_bytes: int
    share: float


class _Windows(NamedTuple):
    at: NDArray[np.intp]
    prints: NDArray[np.uint64]


@dataclass(slots=True)
class ChunkIndex:
    """Chosen windows of all owners."""

    bits_of: dict[int, int] = field(default_factory=dict)
    count_of: dict[int, int] = field(default_factory=dict)
    prints: list[NDArray[np.uint64]] = field(default_factory=list)
    owners: list[NDArray[np.int32]] = field(default_factory=list)
    _sorted: tuple[NDArray[np.uint64], NDArray[np.int32]] | None = None

    def add(self, owner: int, pieces: Iterable[bytes | memoryview], size_bytes: int) -> None:
        """The windows of one owner's bytes, which may be many gigabytes."""
        wanted = max(size_bytes, 1) / ENTRIES_OF_AN_OWNER
        bits = int(np.clip(np.ceil(np.log2(max(wanted, 1))), LEAST_BITS, MOST_BITS))
        found = [_windows(piece, bits, True).prints for piece in overlapping(pieces)]
        prints = np.unique(np.concatenate([*found, np.zeros(0, np.uint64)]))
        self.bits_of[owner] = min(bits, self.bits_of.get(owner, MOST_BITS))
        self.count_of[owner] = self.count_of.get(owner, 0) + len(prints)
        self.prints.append(prints)
        self.owners.append(np.full(len(prints), owner, np.int32))
        self._sorted = None

    def search(self) -> ChunkSearch:
        """A search through one part of the release."""
        if self._sorted is None:
            prints = np.concatenate([*self.prints, np.zeros(0, np.uint64)])
            owners = np.concatenate([*self.owners, np.zeros(0, np.int32)])
            order = np.argsort(prints, kind="stable")
            self._sorted = prints[order], owners[order]
        return ChunkSearch(self, *self._sorted)


@dataclass(slots=True)
class ChunkSearch:
    """What was found so far; feed it pieces in order."""

    index: ChunkIndex
    prints: NDArray[np.uint64]
    owners: NDArray[np.int32]
    hits: set[int] = field(default_factory=set)

    def feed(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Look at these bytes."""
        if not len(self.prints):
            return
        bits = min(self.index.bits_of.values())
        for piece in overlapping(pieces):
            mine = np.unique(_windows(piece, bits, False).prints)
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
            found.append(Overlap(int(owner), windows, windows << bits, windows / total))
        return found


def overlapping(pieces: Iterable[bytes | memoryview]) -> Iterable[NDArray[np.uint8]]:
    """The bytes in large pieces, each with the end of the one before it."""
    rest = np.zeros(0, np.uint8)
    for piece in regrouped(pieces, _PIECE_BYTES):
        content = np.concatenate([rest, np.frombuffer(piece, np.uint8)])
        yield content
        rest = content[-(WINDOW_BYTES - 1) :]


def _windows(content: NDArray[np.uint8], bits: int, varied: bool) -> _Windows:
    """Windows whose first bytes' hash ends in zeros, each as a number of 64 bits."""
    if len(content) < WINDOW_BYTES:
        return _Windows(np.zeros(0, np.intp), np.zeros(0, np.uint64))
    spans = _span_hashes(content)
    last = len(content) - WINDOW_BYTES
    at = np.flatnonzero((spans[: last + 1] * _MIX) >> np.uint32(32 - bits) == 0)
    if varied and at.size:
        at = at[_different(content, at) >= _LEAST_DIFFERENT]
    prints = np.zeros(len(at), np.uint64)
    for offset in range(0, WINDOW_BYTES, SPAN_BYTES):
        prints = (prints ^ spans[at + offset]) * _SPREAD
        prints ^= prints >> np.uint64(29)
    return _Windows(at, prints)


def _span_hashes(content: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """A polynomial of the 16 bytes from every place on; by doubling."""
    code, factor, width = content.astype(np.uint32) + np.uint32(1), _FACTOR, 1
    while width < SPAN_BYTES:
        code = code[:-width] * factor + code[width:]
        with np.errstate(over="ignore"):
            factor = factor * factor
        width *= 2
    return code


def _different(content: NDArray[np.uint8], at: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many different bytes each window has."""
    counts = np.zeros(len(at), np.intp)
    for start in range(0, len(at), 1 << 14):
        part = at[start : start + (1 << 14)]
        sorted_bytes = np.sort(content[part[:, None] + np.arange(WINDOW_BYTES)], axis=1)
        counts[start : start + len(part)] = (np.diff(sorted_bytes, axis=1) != 0).sum(axis=1) + 1
    return counts
