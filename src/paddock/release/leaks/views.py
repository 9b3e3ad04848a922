"""Matrices seen so that a copy is like its original: without means, or without signs and scales.

Knows numbers in memory alone. Beside it, what is asked of them: lengths, strong directions, which
of their own rows are alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.numbers import Floats

_CACHED_ELEMENTS: Final = 1 << 17
_ROUNDS: Final = 4  # of giving rows and columns one scale in turn


def centred(matrix: Floats) -> Floats:
    """Without the mean of every row and of every column; in place. A vector loses its mean."""
    p, q = matrix.shape
    matrix -= (matrix @ np.full(q, 1 / q, np.float32))[:, None]
    if p > 2:
        matrix -= np.full(p, 1 / p, np.float32) @ matrix
    return matrix


def magnitudes(matrix: Floats) -> Floats:
    """What is left when signs and the scales of rows and columns are forgotten; a new array."""
    sizes = np.abs(matrix)
    if len(matrix) > 1:
        rows, columns = _scales(matrix)
        sizes *= rows[:, None]
        sizes *= columns
    else:
        sizes /= max(float(np.sqrt(np.vdot(matrix, matrix) / matrix.size)), 1e-30)
    sizes += np.float32(0.1)
    np.log(sizes, out=sizes)
    return centred(sizes)


def _scales(matrix: Floats) -> tuple[Floats, Floats]:
    """Factors that give rows and columns one scale, and numbers a mean square of one."""
    p, q = matrix.shape
    largest = max(float(matrix.max(initial=0)), -float(matrix.min(initial=0)))
    usual = 1e-15 < largest < 1e15  # or squares would not be numbers
    scale = np.float32(1 if usual else 1 / max(largest, 1e-37))
    rows, columns = np.ones(p, np.float32), np.ones(q, np.float32)
    step, least = max(1, _CACHED_ELEMENTS // q), np.float32(1e-30)
    for _ in range(_ROUNDS):
        sums = np.zeros(q, np.float32)
        for at in range(0, p, step):
            squares = np.square(matrix[at : at + step] if usual else matrix[at : at + step] * scale)
            mine = np.float32(q) / np.maximum(squares @ columns, least)
            rows[at : at + step] = mine
            sums += mine @ squares
        columns = np.asarray(np.float32(p) / np.maximum(sums, least), np.float32)
    return np.sqrt(rows) * scale, np.sqrt(columns)


def lengths(matrix: Floats, axis: int) -> NDArray[np.float32]:
    """Euclidean lengths of rows (0) or columns (1)."""
    squares = np.einsum("ij,ij->i" if axis == 0 else "ij,ij->j", matrix, matrix)
    return np.asarray(np.sqrt(squares), np.float32)


def unlike(rows: Floats, alike: float) -> NDArray[np.intp]:
    """Which rows are like none before them: what is there twice is one coincidence, not two."""
    unit = rows / np.maximum(lengths(rows, 0), np.float32(1e-20))[:, None]
    likeness = np.abs(np.tril(unit @ unit.T, -1))
    kept: list[int] = []
    for number, line in enumerate(likeness):
        if not kept or line[kept].max() < alike:
            kept.append(number)
    return np.array(kept, np.intp)


def subspace(matrix: Floats, rank: int, seed: int = 7) -> tuple[Floats, Floats]:
    """Orthonormal columns near the strongest left (p × k) and right (q × k) directions."""
    q = matrix.shape[1]
    draw = np.random.Generator(np.random.PCG64(seed)).standard_normal((q, rank))
    left = _orthonormal(matrix @ draw.astype(np.float32))
    right = _orthonormal(matrix.T @ left)
    return _orthonormal(matrix @ right), right


def _orthonormal(columns: Floats) -> Floats:
    if not np.isfinite(columns).all() or not columns.any():
        return np.zeros_like(columns)
    return np.asarray(np.linalg.qr(columns)[0], np.float32)
