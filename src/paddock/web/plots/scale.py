"""Numbers to places on a line, and where its marks are.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

_STEPS = (1, 2, 2.5, 5, 10)


class Scale(NamedTuple):
    """A span of numbers on a span of pixels, with round numbers to mark."""

    low: float
    high: float
    left: float
    right: float
    marks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Where a number is, in pixels; what lies outside is at the end."""
        share = (value - self.low) / (self.high - self.low)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)


def scale_of(values: Iterable[float], left: float, right: float, marks: int = 5) -> Scale:
    """A line that all values are on, with about so many marks."""
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    step = _round_step((high - low) / marks)
    first, last = math.floor(low / step), math.ceil(high / step)
    numbers = tuple(round(number * step, 12) for number in range(first, last + 1))
    if len(numbers) < 2 or numbers[0] == numbers[-1]:  # too near each other for round numbers
        numbers = (low, high)
    return Scale(numbers[0], numbers[-1], left, right, numbers)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(max(rough, 1e-300)))
    return next(step * power for step in _STEPS if step * power >= rough * 0.999)
