"""How likely it is that what is unrelated looks as alike as this: bounds on false alarms.

The null hypothesis, everywhere: a vector of an unrelated tensor, after what all share is taken out,
points in a direction that is uniform among ``dimensions`` ones. All bounds hold before looking:
they are multiplied by the number of comparisons made (Bonferroni). Natural logarithms.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

# A finding of the whole check is by chance in less than one of 1e9 releases.
LOG_ALARM: Final = math.log(1e-9)


def log_chance_of_correlation(correlation: float, dimensions: float, comparisons: float) -> float:
    """Bound for the largest of so many absolute correlations (the area of two spherical caps)."""
    beyond = min(abs(correlation), 1.0 - 1e-12)
    cap = 0.5 * max(dimensions - 1.0, 0.0) * math.log1p(-beyond * beyond)
    return min(0.0, cap + math.log(2.0 * max(comparisons, 1.0)))


def log_chances(
    correlations: NDArray[np.float32], dimensions: NDArray[np.float64], comparisons: float
) -> NDArray[np.float64]:
    """The same for each of several probes, that were compared so often each."""
    pairs = zip(correlations, dimensions, strict=True)
    return np.array([log_chance_of_correlation(float(c), float(d), comparisons) for c, d in pairs])


def log_chance_together(found: NDArray[np.float64], probes: int, comparisons: float) -> float:
    """Bound for all of these at once, whichever of the probes they are, in so many comparisons."""
    ways = min(probes * math.log(2.0), len(found) * math.log(max(probes, 2)))
    return float(found.sum()) + ways + math.log(comparisons)


def log_chance_of_count(count: int, expected: float) -> float:
    """Bound for at least ``count`` events where ``expected`` are rare (Chernoff for Poisson)."""
    expected = max(expected, 1e-12)
    if count <= expected:
        return 0.0
    return min(0.0, count - expected - count * math.log(count / expected))


def effective_dimensions(correlations: NDArray[np.float32], length: int) -> NDArray[np.float64]:
    """Dimensions in which each row of correlations with many others would spread as it does.

    From the median absolute value, which a few true matches do not move.
    """
    if correlations.shape[1] < 16:
        return np.full(len(correlations), float(length))
    spread = np.median(np.abs(correlations), axis=1).astype(np.float64) / 0.6745
    return np.minimum(length, 1.0 / np.maximum(spread, 1e-6) ** 2)


def in_words(log_chance: float) -> str:
    """A bound on the probability, for people."""
    exponent = math.floor(log_chance / math.log(10))
    return f"by chance below 1e{max(exponent, -300)}"
