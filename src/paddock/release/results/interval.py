"""How far a measured share, or a value with a standard error, may lie from the true one.

Pure arithmetic, at one level for everything that is computed here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

LEVEL = 0.95
Z = 1.959963984540054  # the 97.5 % point of the normal distribution


class Interval(NamedTuple):
    """Both ends belong to it."""

    low: float
    high: float


def wilson(share: float, n: int) -> Interval:
    """Wilson's score interval for a share of ``n`` trials; never empty, never beyond 0 to 1."""
    z2 = Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    spread = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return Interval(max(0.0, min(share, middle - spread)), min(1.0, max(share, middle + spread)))


def from_stderr(value: float, stderr: float) -> Interval:
    """The normal interval around a value with this standard error."""
    return Interval(value - Z * stderr, value + Z * stderr)
