"""Whether a matrix is another one with rows and columns both in another order.

Starts from guesses by profile, then in turn finds columns by the rows that are thought to be known
and rows by the columns. Signs and scales of rows and columns do not matter. The verdict uses rows
that took no part in finding the columns, so chance has no choice but among rows.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.null import (
    LOG_ALARM,
    effective_dimensions,
    log_chance_together,
    log_chances,
)
from paddock.release.leaks.numbers import Floats
from paddock.release.leaks.profiles import Profiles, around_median, extremes, nearest

ROUNDS: Final = 5
SAMPLE: Final = 384  # rows, and columns, that are looked for; a third as many more only judge
ALIKE: Final = 0.6  # correlation of a row that judges with another one of its matrix
LEAST_JUDGES: Final = 6
LEAST_SIDE: Final = 24  # rows and columns that a matrix must have
HOPE_AFTER, HOPE = 2, 0.3  # rounds, and the correlation that a copy has by then
LEAST: Final = 0.6  # correlation of a row that judges
COPIES: Final = 4  # of one row that are looked past
MARGIN: Final = 1.5  # how much better than any further row
SHARE: Final = 0.3  # of the rows that judge must be found


class Sample(NamedTuple):
    """Some rows and columns of a withheld matrix, with the profiles of the whole ones."""

    block: Floats  # rows × columns; the rows and columns that judge are the last ones
    rows: NDArray[np.float64]  # profiles of its rows
    columns: NDArray[np.float64]
    judges: tuple[int, int]  # how many rows and columns judge
    shape: tuple[int, int]  # of the whole matrix

    @property
    def turned(self) -> Sample:
        """The same of the transposed matrix."""
        turned = self.judges[::-1]
        return Sample(self.block.T, self.columns, self.rows, turned, self.shape[::-1])


class Alignment(NamedTuple):
    """How well the rows that judge were found."""

    share: float
    correlation: float  # median of those found
    log_chance: float


def take_sample(matrix: Floats, found: Profiles, seed: int, most: int = SAMPLE) -> Sample:
    """What is kept of a withheld matrix: so many rows and columns, and a third as many judges."""
    draw = np.random.Generator(np.random.PCG64(seed))
    rows, row_judges = _chosen(found.rows, draw, most)
    columns, column_judges = _chosen(found.columns, draw, most)
    block = matrix[np.ix_(rows, columns)]
    kept_rows = _unlike_others(block, row_judges)
    kept_columns = _unlike_others(block.T, column_judges)
    row_judges -= len(rows) - len(kept_rows)
    column_judges -= len(columns) - len(kept_columns)
    rows, columns = rows[kept_rows], columns[kept_columns]
    block = np.ascontiguousarray(block[np.ix_(kept_rows, kept_columns)])
    judges = row_judges, column_judges
    p, q = matrix.shape
    row_features, column_features = around_median(found.rows), around_median(found.columns)
    return Sample(block, row_features[rows], column_features[columns], judges, (p, q))


def _chosen(features: NDArray[np.float64], draw: np.random.Generator, most: int) -> tuple[Any, int]:
    """The lines that stand out, then some drawn from the others."""
    judges = min(most // 3, len(features) // 4)
    standing_out = extremes(features, min(most, len(features) - judges))
    others = np.setdiff1d(np.arange(len(features)), standing_out)
    return np.concatenate([standing_out, draw.permutation(others)[:judges]]), judges


def _unlike_others(lines: Floats, judges: int) -> NDArray[np.intp]:
    """All lines but those that would judge of what they are a copy of themselves."""
    products = np.abs(np.tril(_unit(lines) @ _unit(lines).T, -1))
    first = len(lines) - judges
    return np.flatnonzero((np.arange(len(lines)) < first) | (products.max(axis=1) < ALIKE))


def align(sample: Sample, matrix: Floats, found: Profiles, comparisons: float) -> Alignment | None:
    """Rows and columns of ``sample`` in ``matrix`` or its transpose, or None."""
    if min(sample.block.shape) < LEAST_SIDE or min(matrix.shape) < LEAST_SIDE:
        return None
    starts = (
        (sample, matrix, found.rows),
        (sample.turned, matrix.T, found.columns),
        (sample, matrix.T, found.columns),  # transposed
        (sample.turned, matrix, found.rows),
    )
    for wanted, among, features in starts:
        if among.shape[1] == wanted.shape[1] and wanted.judges[0] >= LEAST_JUDGES:
            best = _from_rows(wanted, among, features, comparisons)
            if best is not None:
                return best
    return None


def _from_rows(
    sample: Sample, matrix: Floats, features: NDArray[np.float64], comparisons: float
) -> Alignment | None:
    """Alternate, beginning with a guess of which row is which."""
    known = len(sample.block) - sample.judges[0]
    block, judging = sample.block[:known], sample.block[known:]
    rows, strength = nearest(sample.rows[:known], around_median(features))
    signs = np.ones(known, np.float32)
    taken, good = matrix, np.zeros(0, np.bool_)
    for turn in range(ROUNDS):
        kept = _confident(strength, 0.25 + 0.15 * turn)
        picked = matrix[rows[kept]] * signs[kept, None]
        columns, column_signs, worth = _matches(block[kept].T, picked.T)
        good = _confident(worth, 0.4 + 0.15 * turn)
        taken = matrix[:, columns[good]] * column_signs[good]
        rows, signs, strength = _matches(block[:, good], taken)
        if turn >= HOPE_AFTER and np.median(strength) < HOPE:
            return None
    copies = COPIES + len(matrix) // sample.shape[0]
    return _judged(judging[:, good], taken, copies, comparisons)


def _judged(judging: Floats, taken: Floats, copies: int, comparisons: float) -> Alignment | None:
    """The verdict of rows that took no part in finding the columns."""
    products = np.abs(_unit(judging) @ _unit(taken).T)
    # A row may be there several times; so often none is by chance.
    copies = min(copies, products.shape[1] - 1)
    best = products.max(axis=1)
    rivals = np.partition(products, -1 - copies, axis=1)[:, -1 - copies]
    dimensions = effective_dimensions(products, judging.shape[1])
    chances = log_chances(best, dimensions, products.shape[1])
    real = (best >= LEAST) & (best >= MARGIN * rivals)
    share = float(real.mean())
    total = log_chance_together(chances[real], len(judging), comparisons)
    if share < SHARE or total > LOG_ALARM:
        return None
    return Alignment(share, float(np.median(best[real])), float(total))


def _confident(strength: NDArray[np.float32], share: float) -> NDArray[np.bool_]:
    """The better part, by rank."""
    order = np.argsort(-strength, kind="stable")
    kept = np.zeros(len(strength), np.bool_)
    kept[order[: max(24, round(min(share, 0.75) * len(strength)))]] = True
    return kept


def _matches(
    wanted: Floats, among: Floats
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """For each row of ``wanted`` its best row: which, with which sign, how well correlated."""
    products = _unit(wanted) @ _unit(among).T
    best = np.abs(products).argmax(axis=1)
    values = products[np.arange(len(best)), best]
    return best, np.sign(values).astype(np.float32), np.abs(values)


def _unit(rows: Floats) -> Floats:
    rows = rows - rows.mean(axis=1, keepdims=True)
    size = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.asarray(rows / np.maximum(size, np.float32(1e-20)), np.float32)
