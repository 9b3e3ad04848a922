"""Which withheld matrices may be a released one with rows and columns both in another order.

Knows profiles alone (``profiles``). The rows that stand out in a copy are those that stand out in
the original: among their profiles each has one that is far nearer than the next. Unrelated matrices
have such rows, too, as often as points in so many dimensions have. Passing here is no verdict.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.null import log_chance_of_count

LINES_OF, LEAST_LINES, MOST_LINES = 8, 256, 1024  # one line in so many is kept
LOOKED_AT: Final = 192  # released lines, the ones that stand out most
LEAST_LOOKED_AT: Final = 24
FIRST: Final = 0.25  # of what is wanted, from the first third of them
SQUARED_RATIOS: Final = (0.5, 0.35, 0.25, 0.1, 0.03)  # of the distances to the nearest and the next
_USUAL: Final = 1.4  # how often unrelated lines are so near, against points in as many dimensions
_SAME: Final = 1e-5  # squared distance


class Lines(NamedTuple):
    """Profiles that stand out, in coordinates that noise disturbs alike."""

    lines: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    half_dimensions: float  # in which they look like points


def lines_of(profiles: NDArray[np.float64], coordinates: NDArray[np.float32]) -> Lines:
    """The lines to be kept of a withheld matrix; ``profiles`` are around their median."""
    count = min(max(LEAST_LINES, len(profiles) // LINES_OF), MOST_LINES)
    lines = _standing_out(profiles, coordinates, count)
    if len(lines) < LEAST_LOOKED_AT:
        return Lines(lines, coordinates, 1.0)
    distances = _distances(lines, lines)
    np.fill_diagonal(distances, np.inf)
    # Of points in so many dimensions the logarithm of this ratio is exponential.
    ratios = _ratios(distances)
    return Lines(lines, coordinates, float(1 / max(-np.log(ratios).mean(), 1e-3)))


def coordinates_of(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float32]:
    """Turns profiles into numbers that noise, which was added in between, disturbs alike."""
    count = before.shape[1]
    usual = np.cov(before.T) if len(before) > 1 else np.eye(count)
    noise = np.cov((after - before).T) if len(before) > 1 else np.eye(count)
    values, directions = np.linalg.eigh(noise + 1e-6 * usual)
    least = max(1e-9 * float(values[-1]), 1e-30)
    return np.asarray(directions / np.sqrt(np.maximum(values, least)), np.float32)


def is_likely(kept: Lines, profiles: NDArray[np.float64], least: float) -> bool:
    """Whether chance would give unrelated profiles so many near ones as rarely as that (a log).

    A guide, not a bound: real profiles are not points in space.
    """
    if len(kept.lines) < 2 or len(profiles) < LEAST_LOOKED_AT:
        return False
    mine = _standing_out(profiles, kept.coordinates, LOOKED_AT)
    # Of a copy a third of them says something already.
    if len(mine) == LOOKED_AT and _log_chance(kept, mine[: LOOKED_AT // 3]) > FIRST * least:
        return False
    return _log_chance(kept, mine) < least


def _log_chance(kept: Lines, mine: NDArray[np.float32]) -> float:
    ratios = _ratios(_distances(mine, kept.lines))
    expected = _USUAL * len(mine)
    return min(
        log_chance_of_count(int((ratios < ratio).sum()), expected * ratio**kept.half_dimensions)
        for ratio in SQUARED_RATIOS
    )


def _distances(mine: NDArray[np.float32], lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared, of each of mine to each line."""
    distances = -2 * mine @ lines.T
    distances += np.einsum("ij,ij->i", lines, lines)
    distances += np.einsum("ij,ij->i", mine, mine)[:, None]
    return np.asarray(distances, np.float32)


def _ratios(distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of the nearest to the next; the distances are used up."""
    everyone = np.arange(len(distances))
    best = distances.argmin(axis=1)
    nearest = np.maximum(distances[everyone, best], 0)
    distances[everyone, best] = np.inf
    second = np.maximum(distances.min(axis=1), 0)
    return np.asarray((nearest + _SAME) / (second + _SAME), np.float32)


def _standing_out(
    profiles: NDArray[np.float64], coordinates: NDArray[np.float32], count: int
) -> NDArray[np.float32]:
    turned = np.asarray(profiles, np.float32) @ coordinates
    spread = np.maximum(np.median(np.abs(turned), axis=0), np.float32(1e-9))
    far = np.square(np.minimum(np.abs(turned) / spread, np.float32(8))).sum(axis=1)
    return np.asarray(turned[np.argsort(-far, kind="stable")[:count]])
