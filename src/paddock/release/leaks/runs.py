"""Withheld numbers that stand in a row somewhere: in slices, other shapes, unknown bytes.

A run of signs is a fingerprint that casts, quantisation and scales leave alone, whatever the shape
around it and whatever the type that bytes are called. Some runs of 32 signs, chosen by what they
are and so the same ones on both sides, are kept with the 64 signs around them. Chance makes runs
agree, too, but not their surroundings: that is counted, and bounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.null import LOG_ALARM, log_chance_of_count
from paddock.release.leaks.numbers import Floats

RUN: Final = 32
AROUND: Final = 32  # signs before, and as many after
WINDOW: Final = RUN + 2 * AROUND
INDEX_ENTRIES: Final = 1 << 22  # about, over everything withheld
UNLIKE_PARENT: Final = 22  # of the signs around; what is nearer is the parent's
MOST_WRONG: Final = 14  # of the 64 signs around
_CHANCE_AROUND: Final = 4.0e-6  # that so few of 64 fair coins differ
LEAST_COUNT: Final = 3
LOOKED_UP: Final = 1 << 15  # runs of one piece of a release, about
_BYTE_BITS: Final = 7  # of the choice that the first eight signs make; the whole run makes the rest
_MIX_8: Final = np.uint8(0x9D)
_VARIED: Final = np.uint8(0b01101000)  # the rarest choice is of signs that change like this
_MIX: Final = np.uint32(2654435761)  # Knuth's multiplier: which runs are kept depends on all bits


Signs = NDArray[np.bool_]  # true for plus


class Found(NamedTuple):
    """Runs of one withheld tensor that were found, far enough from each other to count."""

    owner: int
    times: int
    agreement: float  # of the signs around them
    log_chance: float


class _Codes(NamedTuple):
    at: NDArray[np.intp]
    runs: NDArray[np.uint32]
    around: NDArray[np.uint64]


@dataclass(slots=True)
class RunIndex:
    """The chosen runs of everything withheld, in order."""

    keep_bits: int  # one run of 2 to the power of these is kept
    runs: list[NDArray[np.uint32]] = field(default_factory=list)
    around: list[NDArray[np.uint64]] = field(default_factory=list)
    owners: list[NDArray[np.int32]] = field(default_factory=list)
    _sorted: tuple[NDArray[np.uint32], NDArray[np.uint64], NDArray[np.int32]] | None = None

    @classmethod
    def for_elements(cls, elements: int) -> RunIndex:
        """One whose size is bounded, whatever is withheld."""
        ratio = max(1.0, 2 * elements / INDEX_ENTRIES)  # rows and columns
        return cls(max(0, int(np.ceil(np.log2(ratio)))))

    def add(self, owner: int, values: Floats | Signs, parent: Floats | Signs | None = None) -> None:
        """The runs of consecutive numbers; those near to the parent's are left out."""
        found = _codes(values, self.keep_bits)
        kept = np.ones(len(found.at), np.bool_)
        if parent is not None:
            theirs = _codes_at(parent, found.at)
            same = np.bitwise_count(found.around ^ theirs.around)
            kept = np.minimum(same, 64 - same) > UNLIKE_PARENT
        # Long stretches of one sign, or of two in turn, are nobody's fingerprint.
        kept &= _is_varied(found.runs)
        self.runs.append(found.runs[kept])
        self.around.append(found.around[kept])
        self.owners.append(np.full(int(kept.sum()), owner, np.int32))
        self._sorted = None

    def look(self, values: Floats) -> list[Found]:
        """Which withheld tensors have runs among these numbers, beyond chance."""
        index = self._ordered()
        if values.size < WINDOW or not index[0].size:
            return []
        wanted = math.ceil(math.log2(max(1, values.size / LOOKED_UP)))
        found = _codes(values, max(self.keep_bits, min(wanted, _BYTE_BITS)))
        order = np.argsort(found.runs)  # neighbours are looked up beside each other
        mine = _Codes(found.at[order], found.runs[order], found.around[order])
        first = np.searchsorted(index[0], mine.runs, "left")
        last = np.searchsorted(index[0], mine.runs, "right")
        candidates = np.minimum(last - first, 64)
        repeated = np.repeat(np.arange(len(mine.runs)), candidates)
        if not repeated.size:
            return []
        starts = np.repeat(first - np.concatenate([[0], np.cumsum(candidates)[:-1]]), candidates)
        entries = starts + np.arange(repeated.size)
        wrong = np.bitwise_count(mine.around[repeated] ^ index[1][entries])
        wrong = np.minimum(wrong, 64 - wrong)  # signs may be turned, all of them
        good = wrong <= MOST_WRONG
        return _counted(index[2][entries], wrong, good, mine.at[repeated] // WINDOW)

    def _ordered(self) -> tuple[NDArray[np.uint32], NDArray[np.uint64], NDArray[np.int32]]:
        if self._sorted is None:
            runs = np.concatenate([*self.runs, np.zeros(0, np.uint32)])
            around = np.concatenate([*self.around, np.zeros(0, np.uint64)])
            owners = np.concatenate([*self.owners, np.zeros(0, np.int32)])
            order = np.argsort(runs, kind="stable")
            self._sorted = runs[order], around[order], owners[order]
            self.runs, self.around = [runs[order]], [around[order]]
            self.owners = [owners[order]]
        return self._sorted


def signs_by_column(matrix: Floats) -> Signs:
    """The signs of a matrix, one column after the other."""
    p, q = matrix.shape
    found = np.empty((q, p), np.bool_)
    for at in range(0, q, 64):  # as many as share the processor's lines of cache
        found[at : at + 64] = (matrix[:, at : at + 64] > 0).T
    return found.reshape(-1)


def _counted(
    owners: NDArray[np.int32],
    wrong: NDArray[np.uint8],
    good: NDArray[np.bool_],
    places: NDArray[np.intp],
) -> list[Found]:
    found = []
    for owner in np.unique(owners[good]):
        mine = owners == owner
        # Runs that overlap are one coincidence, not many.
        count = int(np.unique(places[mine & good]).size)
        chance = log_chance_of_count(count, float(mine.sum()) * 2 * _CHANCE_AROUND)
        if count >= LEAST_COUNT and chance < LOG_ALARM:
            agreement = 1 - float(wrong[mine & good].mean()) / 64
            found.append(Found(int(owner), count, agreement, chance))
    return found


def _is_varied(runs: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether signs change neither hardly ever nor nearly always."""
    changes = np.bitwise_count((runs ^ runs >> np.uint32(1)) & np.uint32(0x7FFFFFFF))
    return np.asarray((changes >= 6) & (changes <= 25))


def _codes(values: Floats | Signs, bits: int) -> _Codes:
    """The chosen runs among all; what fewer bits choose includes these."""
    packed = _packed(values)
    at = _chosen(packed, min(bits, _BYTE_BITS))
    at = at[(at >= AROUND) & (at <= values.size - RUN - AROUND)]
    found = _at(packed, at)
    if bits > _BYTE_BITS:
        mixed = _MIX * found.runs
        kept = np.asarray(mixed >> np.uint32(32 - (bits - _BYTE_BITS)) == 0)
        found = _Codes(found.at[kept], found.runs[kept], found.around[kept])
    return found


def _codes_at(values: Floats | Signs, at: NDArray[np.intp]) -> _Codes:
    return _at(_packed(values), at)


def _packed(values: Floats | Signs) -> NDArray[np.uint8]:
    """The signs as bits, and enough after them to be read beyond the end."""
    signs = np.packbits(values > 0)
    return np.concatenate([signs, np.zeros(16, np.uint8)])


def _chosen(packed: NDArray[np.uint8], bits: int) -> NDArray[np.intp]:
    """Places whose first eight signs say so: where they change, so that turning all is the same."""
    found = []
    for shift in range(8):
        eight = packed[:-1] << np.uint8(shift) | packed[1:] >> np.uint8(8 - shift)
        changes = (eight ^ eight << np.uint8(1)) & np.uint8(0xFE) ^ _VARIED
        found.append(np.flatnonzero(changes * _MIX_8 < 1 << 8 - bits) * 8 + shift)
    return np.concatenate(found)


def _at(packed: NDArray[np.uint8], at: NDArray[np.intp]) -> _Codes:
    """Runs as seen from their first sign, which is always plus: a tensor's and its negative's."""
    windows = np.lib.stride_tricks.sliding_window_view(packed, 16)[(at - AROUND) >> 3]
    words = np.ascontiguousarray(windows).view(">u8").astype(np.uint64)
    shift = (at & 7).astype(np.uint64)
    left, right = words[:, 0] << shift, words[:, 1] << shift
    rest = words[:, 1] >> (np.uint64(64) - shift & np.uint64(63))
    left |= rest * (shift > 0)
    low = np.uint64(0xFFFFFFFF)
    runs, around = left & low, left & ~low | right >> np.uint64(32)
    turned = np.uint64(0) - (runs >> np.uint64(31))
    seen = ((runs ^ turned) & low).astype(np.uint32)
    return _Codes(at, seen, np.asarray(around ^ turned, np.uint64))
