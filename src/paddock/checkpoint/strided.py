"""Row-major bytes of an array that lies in a file in another order: transposed, or with gaps.

Gathers from the mapped file in pieces of bounded size. Knows no format; whoever calls has checked
that every element is inside the file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from paddock.checkpoint.tensors import PIECE_BYTES, Piece


class Strides(NamedTuple):
    """An array's shape and how far its next element is in each dimension, in elements."""

    shape: tuple[int, ...]
    steps: tuple[int, ...]
    item_bytes: int

    @property
    def reach(self) -> int:
        """Elements from the first to the last, both counted; none when there are none."""
        if math.prod(self.shape) == 0:
            return 0
        return 1 + sum((n - 1) * step for n, step in zip(self.shape, self.steps, strict=True))

    @property
    def is_row_major(self) -> bool:
        expected = 1
        for size, step in zip(reversed(self.shape), reversed(self.steps), strict=True):
            if size != 1 and step != expected:
                return math.prod(self.shape) == 0
            expected *= size
        return True


def strided_pieces(file: Path | BinaryIO, start: int, strides: Strides) -> Iterator[Piece]:
    """The array's bytes, row by row; its first element is at ``start``."""
    item = np.dtype(f"V{strides.item_bytes}")
    mapped = np.memmap(file, dtype=item, mode="r", offset=start, shape=(strides.reach,))
    byte_steps = tuple(step * strides.item_bytes for step in strides.steps)
    view = np.lib.stride_tricks.as_strided(mapped, strides.shape, byte_steps, writeable=False)
    for block in _blocks(view):
        yield np.ascontiguousarray(block).view(np.uint8).reshape(-1).data


def _blocks(view: npt.NDArray[np.void]) -> Iterator[npt.NDArray[np.void]]:
    """The array in row-major order, in parts of about ``PIECE_BYTES``."""
    row_bytes = view.nbytes // len(view)
    if view.ndim > 1 and row_bytes > PIECE_BYTES:
        for row in view:
            yield from _blocks(row)
        return
    step = max(1, PIECE_BYTES // row_bytes)
    for first in range(0, len(view), step):
        yield view[first : first + step]
