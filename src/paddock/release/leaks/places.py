"""At which rows and columns matrices are sampled: the same for all that are so long.

A row of a withheld matrix and a row of a released one are compared at the same columns. Places
stand in stretches, so that little of what is stored in blocks need be decoded. A few serve to find
what deserves a comparison (``screening``), some two thousand to make it (``aligned``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

NARROW: Final = 256  # places for the screen
WIDE: Final = 2048  # places for a comparison
_STRETCH: Final = 64
_EVERY: Final = 10  # stretch is one of the screen's
SPREAD_ROWS: Final = 64  # groups of rows that are read whole
LEAST_SPREAD, MOST_SPREAD = 1 << 20, 1 << 21  # numbers of these rows
SPREAD_OF: Final = 8  # one row in so many, between the two


@lru_cache(maxsize=256)
def wide(length: int) -> NDArray[np.intp]:
    """Places in a row of this length for a comparison."""
    if length <= WIDE:
        return np.arange(length)
    starts = np.linspace(0, length - _STRETCH, WIDE // _STRETCH - 1) // _STRETCH * _STRETCH
    return _stretches(starts.astype(np.intp))


@lru_cache(maxsize=256)
def narrow(length: int) -> NDArray[np.intp]:
    """Which of the wide places serve for the screen."""
    if length <= NARROW:
        return np.arange(length)
    if length <= WIDE:
        starts = np.linspace(0, length - _STRETCH, NARROW // _STRETCH) // _STRETCH * _STRETCH
        return _stretches(starts.astype(np.intp))
    return _stretches(np.arange(0, WIDE // _STRETCH - 1, _EVERY) * _STRETCH)


def narrow_places(length: int) -> NDArray[np.intp]:
    """The screen's places in a row of this length."""
    return wide(length)[narrow(length)]


@lru_cache(maxsize=256)
def spread_rows(rows: int, columns: int) -> NDArray[np.intp]:
    """Rows from everywhere in small groups, up to a bound of numbers."""
    elements = min(max(rows * columns // SPREAD_OF, LEAST_SPREAD), MOST_SPREAD)
    count = max(1, elements // columns)
    if rows <= count:
        return np.arange(rows)
    groups = min(SPREAD_ROWS, count)
    each = max(1, count // groups)
    starts = np.linspace(0, rows - each, groups).astype(np.intp)
    return np.asarray((starts[:, None] + np.arange(each)).reshape(-1))


@lru_cache(maxsize=256)
def scattered(rows: int, count: int) -> NDArray[np.intp]:
    """So many rows, drawn; in order."""
    draw = np.random.Generator(np.random.PCG64(rows))
    return np.sort(draw.permutation(rows)[:count])


def _stretches(starts: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.asarray((starts[:, None] + np.arange(_STRETCH)).reshape(-1))
