"""What a row or a column looks like in whatever order its numbers stand: its profile.

Ratios of moments. None changes when the other axis is put in another order, when signs are turned,
and, but for the first, when the row is scaled. They serve to guess which row is which; what a guess
is worth is judged elsewhere (``permuted``).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.numbers import Floats

_PART_ELEMENTS: Final = 1 << 16  # what stays in the processor's cache


class Profiles(NamedTuple):
    """One line of features for every row, and for every column."""

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]


def profiles(matrix: Floats) -> Profiles:
    """The profiles of a matrix, in one pass over it."""
    p, q = matrix.shape
    rows, columns = np.zeros((6, p)), np.zeros((6, q))
    step, ones = max(1, _PART_ELEMENTS // q), np.ones(p, np.float32)
    scale = _scale(matrix)
    for at in range(0, p, step):
        powers, size = _powers(matrix[at : at + step] * scale)
        end = at + len(size)
        for number, power in enumerate(powers):
            rows[number, at:end] = power.sum(axis=1)
            columns[number] += ones[: len(power)] @ power
        rows[5, at:end] = size.max(axis=1)
        np.maximum(columns[5], size.max(axis=0), out=columns[5])
    return Profiles(_features(rows, q), _features(columns, p))


def row_profiles(matrix: Floats) -> NDArray[np.float64]:
    """The profiles of the rows alone."""
    p, q = matrix.shape
    rows = np.zeros((6, p))
    step = max(1, _PART_ELEMENTS // q)
    scale = _scale(matrix)
    for at in range(0, p, step):
        part = matrix[at : at + step] * scale
        square = part * part
        cube = square * part
        rows[:, at : at + len(part)] = (
            np.abs(part).sum(axis=1),
            square.sum(axis=1),
            cube.sum(axis=1),
            np.einsum("ij,ij->i", square, square),
            np.einsum("ij,ij->i", cube, cube),
            np.maximum(part.max(axis=1), -part.min(axis=1)),
        )
    return _features(rows, q)


def _scale(matrix: Floats) -> np.float32:
    """What gives numbers a size of about one, so that their powers are numbers."""
    some = matrix[:: max(1, len(matrix) // 64)]
    return np.float32(1 / max(float(np.abs(some).mean(dtype=np.float64)), 1e-30))


def _powers(part: Floats) -> tuple[tuple[Floats, ...], Floats]:
    size, square = np.abs(part), part * part
    cube = square * part
    return (size, square, cube, square * square, cube * cube), size


def _features(sums: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    first, second, third, fourth, sixth = np.maximum(sums[:5] / count, -1e300)
    second = np.maximum(second, 1e-38)
    return np.stack(
        [
            np.log(second),
            np.log(np.maximum(first, 1e-30) ** 2 / second),
            np.log(np.maximum(fourth, 1e-76) / second**2),
            np.abs(third) / second**1.5,
            np.log(np.maximum(sixth, 1e-114) / second**3),
            np.log(np.maximum(sums[5], 1e-30) ** 2 / second),
        ],
        axis=1,
    )


def nearest(
    wanted: NDArray[np.float64], among: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each line of ``wanted`` the most similar line, and how much nearer it is than the next.

    Both are around their medians.
    """
    one, other = _comparable(wanted, among)
    distances = -2 * one @ other.T
    distances += np.einsum("ij,ij->i", other, other)
    distances += np.einsum("ij,ij->i", one, one)[:, None]
    best = distances.argmin(axis=1)
    if len(among) < 2:
        return np.asarray(best), np.ones(len(wanted), np.float32)
    two = np.partition(distances, 1, axis=1)[:, :2]
    return np.asarray(best), np.asarray((two[:, 1] + 1e-6) / (np.maximum(two[:, 0], 0) + 1e-6))


def extremes(features: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """The lines that stand out most: their guesses are the surest."""
    scaled, _ = _comparable(around_median(features), around_median(features))
    return np.asarray(np.argsort(-np.abs(scaled).sum(axis=1), kind="stable")[:count])


def around_median(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each line is beside the middle of all: the scale of the whole no longer counts."""
    return np.asarray(features - np.median(features, axis=0))


def _comparable(
    wanted: NDArray[np.float64], among: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both in units of the spread of ``among``."""
    spread = np.maximum(np.median(np.abs(among), axis=0), 1e-9)
    one, other = np.clip(wanted / spread, -20, 20), np.clip(among / spread, -20, 20)
    return one.astype(np.float32), other.astype(np.float32)
