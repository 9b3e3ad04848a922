"""A tensor of int8 values whose groups share float32 scales, as the float32 that it stands for.

All values come first, then all scales (llama2.c, runq.c, dequantize: value times scale, in
float32).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paddock.checkpoint.tensors import PIECE_BYTES, Piece, Place, Tensor, read_range

_FLOAT_BYTES = 4


def int8_tensor(
    path: Path, name: str, shape: tuple[int, ...], start: int, group_size: int
) -> Tensor:
    """The tensor whose values begin at ``start``; its elements are whole groups."""
    elements = math.prod(shape)
    scales_start = start + elements
    step = max(1, PIECE_BYTES // _FLOAT_BYTES // group_size) * group_size

    def pieces() -> Iterator[Piece]:
        for first in range(0, elements, step):
            last = min(first + step, elements)
            values = _read(path, start + first, last - first)
            scales = _read(
                path,
                scales_start + first // group_size * _FLOAT_BYTES,
                (last - first) // group_size * _FLOAT_BYTES,
            )
            grouped = np.frombuffer(values, np.int8).reshape(-1, group_size)
            with np.errstate(invalid="ignore", over="ignore"):  # a scale may be anything
                floats = grouped * np.frombuffer(scales, "<f4")[:, None]
            yield floats.reshape(-1).view(np.uint8).data

    return Tensor(name, "F32", shape, pieces, Place(path, start))


def _read(path: Path, start: int, size_bytes: int) -> bytes:
    return b"".join(read_range(path, start, start + size_bytes))
