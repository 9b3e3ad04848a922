"""Quantised codes packed into words of 32 bits, as GPTQ, AWQ, bitsandbytes and MLX pack them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from paddock.release.leaks.numbers import Reading, codes
from paddock.release.leaks.released import ReleasedTensor

# AutoAWQ packs eight codes of four bits in this order.
_AWQ: Final = np.array([0, 4, 1, 5, 2, 6, 3, 7])


def packed_readings(raw: bytes, tensor: ReleasedTensor) -> Iterator[Reading]:
    """The beginning of a tensor of integers, its words put in other orders."""
    if tensor.dtype not in ("I32", "U32") or len(tensor.shape) != 2:
        return
    columns = tensor.shape[1]
    rows = len(raw) // (4 * columns) if columns else 0
    if not rows:
        return
    words = np.frombuffer(raw[: rows * columns * 4], "<u4").reshape(rows, columns)
    turned = np.ascontiguousarray(words.T).view(np.uint8).reshape(-1).data
    for bits in (2, 3, 4, 8):
        yield Reading(f"codes of {bits} bits in columns", codes(turned, bits))
    fours = codes(words.view(np.uint8).reshape(-1).data, 4).reshape(-1, 8)
    yield Reading("codes of 4 bits in AWQ's order", fours[:, _AWQ].reshape(-1))
