"""Whether two measured values differ by more than chance, from their intervals alone.

Pure arithmetic. An interval around a value at some level gives a standard error on either side; the
difference of two independent values is judged with both (a normal approximation, two-sided, at
95 %). Values on shared questions vary together, so this errs towards "not clear".
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, NamedTuple

from paddock.release.results.result import Result

LEVEL = 0.95
_DEFAULT_LEVEL = 0.95
Verdict = Literal["better", "worse", "higher", "lower", "not clear", "the same"]


class Difference(NamedTuple):
    """New minus old, with its interval where there is one."""

    value: float
    low: float | None
    high: float | None
    verdict: Verdict


def difference(old: Result, new: Result) -> Difference:
    """How a result changed; without two intervals a change is never called clear."""
    change = new.value - old.value
    # Towards each other: the old one's error on the new one's side, and the other way round.
    rising = change >= 0
    before, after = _error(old, upper=rising), _error(new, upper=not rising)
    if before is None or after is None:
        return Difference(change, None, None, "the same" if change == 0 else "not clear")
    margin = NormalDist().inv_cdf((1 + LEVEL) / 2) * math.hypot(before, after)
    low, high = change - margin, change + margin
    if low <= 0 <= high:
        return Difference(change, low, high, "the same" if change == 0 else "not clear")
    better = new.higher_is_better
    if better is None:
        return Difference(change, low, high, "higher" if change > 0 else "lower")
    return Difference(change, low, high, "better" if (change > 0) == better else "worse")


def _error(result: Result, *, upper: bool) -> float | None:
    """The standard error that one side of an interval stands for."""
    end = result.high if upper else result.low
    if result.is_point or end is None:
        return None
    level = result.level or _DEFAULT_LEVEL
    if not 0 < level < 1:
        return None
    return abs(end - result.value) / NormalDist().inv_cdf((1 + level) / 2)
