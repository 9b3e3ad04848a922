"""Tensors computed from tensors, some rows at a time, in the type that they are stored in.

Memory holds one block of rows of one tensor, whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.transcoding import decode, encode
from paddock.checkpoint.tensors import Piece, Tensor, read_range, regrouped

Floats = NDArray[np.float32]
BLOCK_BYTES = 16 << 20

# Some rows as float32, and the number of the first: what they become.
Change = Callable[[Floats, int], Floats]


def changed(tensor: Tensor, change: Change) -> Tensor:
    """The tensor with its rows changed; a vector is one column."""

    def pieces() -> Iterator[Piece]:
        for first, rows in blocks(tensor):
            yield encode(change(rows, first), tensor.dtype)

    return replace(tensor, pieces=pieces, place=None)


def blocks(tensor: Tensor) -> Iterator[tuple[int, Floats]]:
    """The tensor's rows as float32, block by block, each with the number of its first row."""
    count = tensor.shape[0] if tensor.shape else 1
    row_bytes = tensor.size_bytes // count
    at_once = max(1, BLOCK_BYTES // row_bytes)
    for number, raw in enumerate(regrouped(tensor.pieces(), at_once * row_bytes)):
        rows = decode(raw, tensor.dtype)
        yield number * at_once, rows.reshape(-1, tensor.elements // count)


def rows_of(tensor: Tensor, kept: Sequence[int]) -> Tensor:
    """Some rows of a tensor, in this order; only they are read."""
    row_bytes = tensor.size_bytes // tensor.shape[0]

    def pieces() -> Iterator[Piece]:
        if tensor.place is None:
            yield from _picked(tensor, kept, row_bytes)
            return
        for first, last in _runs(kept):
            start = tensor.place.start + first * row_bytes
            end = tensor.place.start + (last + 1) * row_bytes
            yield from read_range(tensor.place.path, start, end)

    return replace(tensor, shape=(len(kept), *tensor.shape[1:]), pieces=pieces, place=None)


def columns_of(tensor: Tensor, kept: Sequence[int]) -> Tensor:
    """Some columns of a matrix, in this order."""
    wanted = np.asarray(kept)

    def pieces() -> Iterator[Piece]:
        for _, rows in blocks(tensor):
            yield encode(rows[:, wanted], tensor.dtype)

    return replace(tensor, shape=(tensor.shape[0], len(kept)), pieces=pieces, place=None)


def _picked(tensor: Tensor, kept: Sequence[int], row_bytes: int) -> Iterator[Piece]:
    content = tensor.read()
    for row in kept:
        yield bytes(content[row * row_bytes : (row + 1) * row_bytes])


def _runs(kept: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring rows together: one read for each run."""
    first = last = -2
    for row in kept:
        if row == last + 1:
            last = row
            continue
        if first >= 0:
            yield first, last
        first = last = row
    if first >= 0:
        yield first, last
