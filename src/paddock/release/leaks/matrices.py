"""Tensors as matrices of float32 of bounded size, in every shape that could matter.

Knows shapes, not files. A tensor of rank 3 is cut along its first axis (experts); one that is too
large for memory is cut into bands of rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.gguf.ggml_types import GGML_TYPES
from paddock.checkpoint.tensors import regrouped
from paddock.release.leaks.numbers import Floats, as_floats
from paddock.release.leaks.released import ReleasedTensor

BAND_ELEMENTS: Final = 1 << 26  # 256 MiB of float32
MAX_PARTS: Final = 512  # of one tensor
_BLOCK_ELEMENTS: Final = {g.name: g.elements for g in GGML_TYPES.values()} | {
    name: block.elements for name, block in BLOCKS.items()
}


class Matrix(NamedTuple):
    """Rows of numbers, and which part of the tensor they are."""

    values: Floats  # p × q
    part: str  # "" when it is the whole


def matrices(tensor: ReleasedTensor) -> Iterator[Matrix]:
    """The tensor in its own shape, in parts that fit in memory; a vector has one row."""
    rows, columns, parts = _sides(tensor.shape)
    if not rows * columns:
        return
    per_band = max(1, BAND_ELEMENTS // columns)
    if columns > BAND_ELEMENTS:
        yield from _flat_bands(tensor)
        return
    band = min(rows, per_band)
    at = 0
    for values in decoded(tensor, band * columns):
        matrix = values.reshape(-1, columns)
        whole = len(matrix) == rows and parts == 1
        yield Matrix(matrix, "" if whole else f"rows {at} to {at + len(matrix) - 1}")
        at += len(matrix)


def decoded(tensor: ReleasedTensor, elements: int) -> Iterator[Floats]:
    """The tensor's numbers in pieces of so many; writable, the caller's own."""
    step = math.lcm(8, _BLOCK_ELEMENTS.get(tensor.dtype, 1))
    wanted = elements if elements % step == 0 else step * math.ceil(elements / step)
    piece_bytes = max(1, tensor.size_bytes * wanted // max(tensor.elements, 1))
    if tensor.elements <= wanted:
        piece_bytes = max(1, tensor.size_bytes)
    pending = np.zeros(0, np.float32)
    for raw in regrouped(tensor.pieces(), piece_bytes):
        values = as_floats(raw, tensor.dtype)
        pending = np.concatenate([pending, values]) if pending.size else values
        while pending.size >= elements:
            yield np.array(pending[:elements], np.float32)
            pending = pending[elements:]
    if pending.size:
        yield np.array(pending, np.float32)


def _flat_bands(tensor: ReleasedTensor) -> Iterator[Matrix]:
    for number, values in enumerate(decoded(tensor, BAND_ELEMENTS)):
        yield Matrix(values.reshape(1, -1), f"part {number}")


def _sides(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Rows and columns of one part, and how many parts there are."""
    if len(shape) < 2:
        return 1, math.prod(shape), 1
    if len(shape) == 2:
        return shape[0], shape[1], 1
    parts = math.prod(shape[:-2])
    if parts > MAX_PARTS:
        return parts * shape[-2], shape[-1], 1
    return shape[-2], shape[-1], parts


def centred(matrix: Floats) -> Floats:
    """Without the mean of every row and of every column; in place. A vector loses its mean."""
    matrix -= matrix.mean(axis=1, keepdims=True)
    if len(matrix) > 2:
        matrix -= matrix.mean(axis=0, keepdims=True)
    return matrix


def magnitudes(matrix: Floats) -> Floats:
    """What is left when signs and the scales of rows and columns are forgotten; a new array."""
    spread = np.sqrt(np.einsum("ij,ij->i", matrix, matrix) / matrix.shape[1])[:, None]
    sizes = np.abs(matrix)
    sizes /= np.maximum(spread, np.float32(1e-30))
    sizes += np.float32(0.1)
    np.log(sizes, out=sizes)
    return centred(sizes)


def equilibrated(matrix: Floats) -> Floats:
    """The same with rows and columns of one scale; a new array."""
    even = matrix.copy()
    for _ in range(5):
        even /= np.maximum(lengths(even, 0), np.float32(1e-20))[:, None]
        even /= np.maximum(lengths(even, 1), np.float32(1e-20))
    return even


def lengths(matrix: Floats, axis: int) -> NDArray[np.float32]:
    """Euclidean lengths of rows (0) or columns (1)."""
    squares = np.einsum("ij,ij->i" if axis == 0 else "ij,ij->j", matrix, matrix)
    return np.asarray(np.sqrt(squares), np.float32)


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
