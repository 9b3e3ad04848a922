"""A step's arrays as the compiled step reads them; what C cannot see for itself is checked here.

Types, shapes and lengths are checked here, numbers (tokens, blocks, rows) by C. Anything wrong is a
ValueError.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from paddock.engine.native.library import Batch
from paddock.engine.step import Int32, Step

MAX_TOKENS: Final = 1 << 20  # of a step: no scheduler takes so many at once


def batch_of(step: Step, *, is_hidden: bool = False) -> Batch:
    """The step as C reads it, which must outlive it."""
    sequences = len(step.lengths_S)
    _check_lines(step.tokens_T, "tokens")
    _check_lines(step.starts_S, "starts", sequences + 1)
    _check_lines(step.lengths_S, "lengths")
    _check_lines(step.adapters_S, "adapters", sequences)
    _check_lines(step.wanted_R, "wanted rows")
    if not 0 < sequences <= len(step.tokens_T) <= MAX_TOKENS:
        raise ValueError(f"a step cannot have {len(step.tokens_T)} tokens of {sequences} sequences")
    tables_SB = step.tables_SB
    if tables_SB.ndim != 2 or len(tables_SB) != sequences or not _is_plain(tables_SB):
        raise ValueError(f"block tables of shape {tables_SB.shape} are not {sequences} rows")
    return Batch(
        step.tokens_T.ctypes.data, step.starts_S.ctypes.data, step.lengths_S.ctypes.data,
        tables_SB.ctypes.data, step.adapters_S.ctypes.data, step.wanted_R.ctypes.data,
        len(step.tokens_T), sequences, tables_SB.shape[1], len(step.wanted_R), is_hidden,
    )  # fmt: skip


def _check_lines(array: Int32, what: str, length: int | None = None) -> None:
    if array.ndim != 1 or not _is_plain(array):
        raise ValueError(f"{what} must be one line of int32, not {array.dtype} {array.shape}")
    if length is not None and len(array) != length:
        raise ValueError(f"{what} are {len(array)}, not {length}")


def _is_plain(array: Int32) -> bool:
    return array.dtype == np.int32 and array.flags.c_contiguous
