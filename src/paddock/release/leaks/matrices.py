"""Tensors as matrices of bounded size, in every shape that could matter, decoded as far as asked.

Knows shapes, not files. A tensor of rank 3 is cut along its first axis (experts); one that is too
large for memory is cut into bands of rows. What is held of a band is its bytes: most comparisons
want a few of its rows and columns as numbers, never all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.gguf.ggml_types import GGML_TYPES
from paddock.checkpoint.tensors import regrouped
from paddock.errors import shown
from paddock.release.leaks.numbers import Floats, as_floats
from paddock.release.leaks.released import ReleasedTensor

BAND_ELEMENTS: Final = 1 << 26  # 256 MiB of float32
MAX_PARTS: Final = 512  # of one tensor
_SLAB_ELEMENTS: Final = 1 << 22  # that are decoded at once to pick some of them
_BLOCK_ELEMENTS: Final = {g.name: g.elements for g in GGML_TYPES.values()} | {
    name: block.elements for name, block in BLOCKS.items()
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of numbers as they are stored, and which part of the tensor they are."""

    shape: tuple[int, int]
    part: str  # "" when it is the whole
    dtype: str
    units: NDArray[np.uint8]  # rows × units × bytes: what can be decoded on its own
    unit: int  # elements of one

    def values(self) -> Floats:
        """All of it; a new array."""
        return self._decoded(self.units).reshape(self.shape)

    def rows(self, at: NDArray[np.intp]) -> Floats:
        """Some rows, whole; a new array."""
        return self._decoded(self.units[at]).reshape(len(at), self.shape[1])

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
        """Where some rows and some columns meet; a new array."""
        wanted, inverse = np.unique(columns // self.unit, return_inverse=True)
        picked = inverse * self.unit + columns % self.unit
        found = np.empty((len(rows), len(columns)), np.float32)
        step = max(1, _SLAB_ELEMENTS // max(1, len(wanted) * self.unit))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            units = self.units[part[:, None], wanted]
            values = self._decoded(units).reshape(len(part), -1)
            found[start : start + step] = values[:, picked]
        return found

    def _decoded(self, units: NDArray[np.uint8]) -> Floats:
        values = as_floats(np.ascontiguousarray(units).reshape(-1).data, self.dtype)
        return values if values.flags.writeable else values.copy()


def stored(values: Floats, part: str = "") -> Matrix:
    """Numbers that are decoded already."""
    units = np.ascontiguousarray(values, np.float32).view(np.uint8).reshape(*values.shape, 4)
    return Matrix((values.shape[0], values.shape[1]), part, "F32", units, 1)


def matrices(tensor: ReleasedTensor) -> Iterator[Matrix]:
    """The tensor in its own shape, in parts that fit in memory; a vector has one row."""
    rows, columns, parts = _sides(tensor.shape)
    if not rows * columns:
        return
    if columns > BAND_ELEMENTS:
        yield from _flat_bands(tensor)
        return
    band = min(rows, max(1, BAND_ELEMENTS // columns))
    at = 0
    for units, dtype, unit in _bands(tensor, band, columns):
        count = len(units)
        whole = count == rows and parts == 1
        part = "" if whole else f"rows {at} to {at + count - 1}"
        yield Matrix((count, columns), part, dtype, units, unit)
        at += count


def matrices_in(shape: tuple[int, ...]) -> int:
    """About how many matrices a tensor of this shape is."""
    rows, columns, parts = _sides(shape)
    return parts * max(1, math.ceil(rows * columns / BAND_ELEMENTS))


def _bands(
    tensor: ReleasedTensor, band: int, columns: int
) -> Iterator[tuple[NDArray[np.uint8], str, int]]:
    """So many rows at a time, as bytes where rows are whole blocks of them, or else as numbers."""
    unit, row_bytes = _unit(tensor, columns)
    if not row_bytes:
        for values in decoded(tensor, band * columns):
            yield values.view(np.uint8).reshape(-1, columns, 4), "F32", 1
        return
    size = row_bytes // (columns // unit)
    for raw in _joined(tensor, band * row_bytes):
        yield raw.reshape(-1, columns // unit, size), tensor.dtype, unit


def _joined(tensor: ReleasedTensor, most_bytes: int) -> Iterator[NDArray[np.uint8]]:
    """The tensor's bytes in arrays of so many."""
    left, filled = tensor.size_bytes, 0
    array = np.empty(min(most_bytes, left), np.uint8)
    for piece in tensor.pieces():
        content = np.frombuffer(piece, np.uint8)
        while content.size:
            part = content[: array.size - filled]
            array[filled : filled + part.size] = part
            filled, content = filled + part.size, content[part.size :]
            if filled == array.size:
                yield array
                left, filled = left - filled, 0
                array = np.empty(min(most_bytes, left), np.uint8)
    if left:
        raise BadCheckpoint("truncated", f"{shown(tensor.name)} ended early")


def _unit(tensor: ReleasedTensor, columns: int) -> tuple[int, int]:
    """Elements that are stored together, and the bytes of a row: none where rows share bytes."""
    unit = _BLOCK_ELEMENTS.get(tensor.dtype, 1)
    if tensor.dtype in ("C64", "F4", "F6_E2M3", "F6_E3M2") or columns % unit:
        return 1, 0
    units = tensor.elements // unit
    if not units or tensor.size_bytes % units:
        return 1, 0
    return unit, tensor.size_bytes // units * (columns // unit)


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
        yield stored(values.reshape(1, -1), f"part {number}")


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
