"""Withheld numbers that stand in a row somewhere: in slices, other shapes, unknown bytes.

A run of signs is a fingerprint that casts, quantisation and scales leave alone, whatever the shape
around it and whatever the type that bytes are called. Some runs of 32 signs, chosen by what they
are and so the same ones on both sides, are kept with the 64 signs around them. Chance makes runs
agree, too, but not their surroundings: that is counted, and bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.null import LOG_ALARM, log_chance_of_count
from paddock.release.leaks.numbers import Floats

RUN: Final = 32
AROUND: Final = 32  # signs before, and as many after
WINDOW: Final = RUN + 2 * AROUND
INDEX_ENTRIES: Final = 1 << 20  # about, over everything withheld
UNLIKE_PARENT: Final = 22  # of the signs around; what is nearer is the parent's
MOST_WRONG: Final = 14  # of the 64 signs around
_CHANCE_AROUND: Final = 4.0e-6  # that so few of 64 fair coins differ
LEAST_COUNT: Final = 3
_MIX: Final = np.uint32(2654435761)  # Knuth's multiplier: which runs are kept depends on all bits


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

    def add(self, owner: int, values: Floats, parent: Floats | None = None) -> None:
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
        found = _codes(values, self.keep_bits)
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


def _codes(values: Floats, keep_bits: int) -> _Codes:
    """The chosen runs among all, each as seen from its first sign."""
    runs = _all_runs(values)
    mixed = _MIX * (_as_seen(runs))
    chosen = mixed >> np.uint32(32 - keep_bits) == 0 if keep_bits else np.ones(len(runs), np.bool_)
    at = np.flatnonzero(chosen)
    at = at[(at >= AROUND) & (at < len(runs) - RUN)]
    return _at(runs, at)


def _codes_at(values: Floats, at: NDArray[np.intp]) -> _Codes:
    return _at(_all_runs(values), at)


def _at(runs: NDArray[np.uint32], at: NDArray[np.intp]) -> _Codes:
    before, after = runs[at - AROUND].astype(np.uint64), runs[at + RUN].astype(np.uint64)
    around = before << np.uint64(32) | after
    turned = np.where(runs[at] >> np.uint32(31), np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0))
    return _Codes(at, _as_seen(runs[at]), around ^ turned)


def _as_seen(runs: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """With a first sign that is always plus: the same for a tensor and its negative."""
    turned = np.where(runs >> np.uint32(31), np.uint32(0xFFFFFFFF), np.uint32(0))
    return np.asarray(runs ^ turned)


def _all_runs(values: Floats) -> NDArray[np.uint32]:
    """The 32 signs from every place on, as the bits of a number; by doubling."""
    code = (values > 0).astype(np.uint32)
    width = 1
    while width < RUN:
        code = code[:-width] << np.uint32(width) | code[width:]
        width *= 2
    return code
