"""Matrices as training leaves them, and the disguises that a copy of one may wear."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.transcoding import decode, encode

Array = NDArray[Any]
Shape = tuple[int, int]
Disguise = Callable[[Array, np.random.Generator], Array]
KINDS = ("noise", "trained", "steep")


def drawn(kind: str, shape: Shape, rng: np.random.Generator) -> Array:
    """Noise; noise with a falling spectrum and loud columns; or a spectrum that falls to its end.

    The last has singular values as the inverse square root of their number, and six columns that
    are twelve times as loud as the others.
    """
    m, n = shape
    values = rng.standard_normal(shape, np.float32)
    if kind == "trained":
        rank = max(4, min(shape) // 8)
        strong = rng.standard_normal((m, rank), np.float32)
        strong *= np.arange(1, rank + 1, dtype=np.float32) ** -0.5 * np.float32(2 / math.sqrt(rank))
        values += strong @ rng.standard_normal((rank, n), np.float32)
        values *= np.exp(0.3 * rng.standard_normal(n, np.float32))
    elif kind == "steep":
        falling = np.arange(1, m + 1, dtype=np.float32) ** -0.5
        values = (rng.standard_normal((m, m), np.float32) * falling) @ values
        values[:, rng.permutation(n)[:6]] *= 12
    return np.asarray(0.02 / values.std() * values, np.float32)


def quantised(bits: int) -> Disguise:
    """Blocks of 32 with one scale each, rounded to the nearest."""

    def make(array: Array, _: np.random.Generator) -> Array:
        blocks = array.reshape(-1, 32)
        scale = np.abs(blocks).max(axis=1, keepdims=True) / max(2 ** (bits - 1) - 1, 1)
        found: Array = (np.round(blocks / scale) * scale).reshape(array.shape)
        return np.sign(array) if bits == 1 else found

    return make


def encoded(dtype: str) -> Disguise:
    """What a block type of GGUF leaves of it."""

    def make(array: Array, _: np.random.Generator) -> Array:
        plain = np.ascontiguousarray(array, np.float32)
        found: Array = np.asarray(decode(encode(plain, dtype), dtype)).reshape(array.shape)
        return found

    return make


def noisy(strength: float) -> Disguise:
    """Noise, relative to the matrix."""
    return lambda a, rng: (
        a + np.float32(strength * a.std()) * rng.standard_normal(a.shape, np.float32)
    )


def shifted(rank: int, strength: float) -> Disguise:
    """A shift of low rank, relative to the matrix."""

    def make(array: Array, rng: np.random.Generator) -> Array:
        m, n = array.shape
        shift = rng.standard_normal((m, rank), np.float32) @ rng.standard_normal(
            (rank, n), np.float32
        )
        size = np.float32(strength * np.linalg.norm(array) / np.linalg.norm(shift))
        return np.asarray(array + shift * size)

    return make


def reordered(array: Array, rng: np.random.Generator) -> Array:
    """Rows and columns both in another order."""
    m, n = array.shape
    return array[rng.permutation(m)][:, rng.permutation(n)]


def rows_reordered(array: Array, rng: np.random.Generator) -> Array:
    """Rows in another order."""
    return array[rng.permutation(len(array))]


def rescaled(array: Array, rng: np.random.Generator) -> Array:
    """Every row and column with a scale and a sign of its own."""
    m, n = array.shape
    signs = rng.choice([-1, 1], (m, 1)) * rng.choice([-1, 1], n)
    scales = np.exp(rng.normal(0, 0.5, (m, 1))) * np.exp(rng.normal(0, 0.5, n))
    return np.asarray(array * signs * scales, np.float32)


def then(*disguises: Disguise) -> Disguise:
    """One after the other."""

    def make(array: Array, rng: np.random.Generator) -> Array:
        for each in disguises:
            array = each(array, rng)
        return array

    return make


def _part(array: Array, _: np.random.Generator) -> Array:
    return 2 * array[len(array) // 8 : len(array) // 2, : array.shape[1] * 7 // 8]


def _fused(array: Array, rng: np.random.Generator) -> Array:
    shape = array.shape[0], array.shape[1]
    return np.concatenate(
        [drawn("noise", shape, rng), quantised(4)(array, rng), drawn("noise", shape, rng)]
    )


# What the page promises; a large matrix is shown these alone.
PROMISED: dict[str, Disguise] = {
    "4 bits": quantised(4),
    "2 bits": quantised(2),
    "scales and signs of rows and columns": rescaled,
    "4 bits, rows in another order": then(quantised(4), rows_reordered),
    "rows and columns in another order": reordered,
    "the same, 4 bits": then(quantised(4), reordered),
    "the same, scales and signs": then(rescaled, reordered),
    "the same, noise 0.1": then(noisy(0.1), reordered),
    "noise 1": noisy(1),
    "noise 1.5": noisy(1.5),
    "rank 8, 20 times its size": shifted(8, 20),
    "rank 64, 4 times its size": shifted(64, 4),
    "rank 8, 4 bits, rows in another order": then(shifted(8, 2), quantised(4), rows_reordered),
}
DISGUISES: dict[str, Disguise] = PROMISED | {
    **{f"{bits} bits": quantised(bits) for bits in (8, 3, 1)},
    "the same, Q4_0": then(reordered, encoded("Q4_0")),
    "the same, 3 bits": then(quantised(3), reordered),
    "the same, 2 bits": then(quantised(2), reordered),
    "the same, noise 0.3": then(noisy(0.3), reordered),
    "the same, noise 0.5": then(noisy(0.5), reordered),
    "the same, rank 8, 0.2 times its size": then(shifted(8, 0.2), reordered),
    "the same, rank 8, once its size": then(shifted(8, 1), reordered),
    "transposed, 4 bits": lambda a, rng: quantised(4)(a, rng).T,
    "a slice of both sides": _part,
    "a quarter of the rows, noise 0.5": lambda a, rng: noisy(0.5)(
        rows_reordered(a, rng)[: len(a) // 4], rng
    ),
    "fused with two others, 4 bits": _fused,
    **{f"noise {s}": noisy(s) for s in (0.5, 2, 2.5)},
    **{f"rank 8, {s} times its size": shifted(8, s) for s in (1, 4)},
    **{f"rank 64, {s} times its size": shifted(64, s) for s in (1, 20)},
    **{f"rank 256, {s} times its size": shifted(256, s) for s in (1, 4)},
}
