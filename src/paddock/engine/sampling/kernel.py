"""One row after another with passes in C: what ``plain`` does, in time that a step does not feel.

Knows how to call ``kernels/step/sampling.h`` and checks what C takes for granted: that rows are
float32 side by side, that masks are long enough and tokens within the vocabulary.
"""

from __future__ import annotations

import ctypes
import math
import threading
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.engine.request import Sampling, TokenLogprob
from paddock.engine.sampling.edits import Logits, edit, has_edits
from paddock.engine.sampling.plain import likeliest
from paddock.engine.step import Row
from paddock.kernels.step_library import StepLibrary

_BLOCK: Final = 64  # tokens, as in sampling.h
_spares = threading.local()


class _Drawing(ctypes.Structure):
    _fields_ = (
        ("temperature", ctypes.c_double),
        ("top_p", ctypes.c_double),
        ("least", ctypes.c_double),
        ("seed", ctypes.c_uint64),
        ("top_k", ctypes.c_uint64),
        ("position", ctypes.c_uint32),
        ("first", ctypes.c_uint32),
    )


@dataclass(slots=True)
class _Spare:
    """Room for the passes over one row, kept from step to step; each thread has its own."""

    maxima: NDArray[np.float32]
    adjusted: NDArray[np.float32]
    weights: NDArray[np.float32]
    largest: ctypes.c_float


def _spare(vocabulary: int) -> _Spare:
    found: _Spare | None = getattr(_spares, "found", None)
    if found is None or len(found.adjusted) != vocabulary:
        found = _Spare(
            np.empty(-(-vocabulary // _BLOCK), np.float32),
            np.empty(vocabulary, np.float32),
            np.empty(5 * vocabulary, np.float32),
            ctypes.c_float(),
        )
        _spares.found = found
    return found


class RowKernel:
    """The passes of a compiled library at one level."""

    def __init__(self, library: StepLibrary) -> None:
        self._c, self._level = _declared(library.c), library.level

    def choose_token(self, logits_V: Logits, row: Row) -> TokenLogprob | None:
        """The token of one row; None where there is no number, or nothing is allowed."""
        logits_V = np.ascontiguousarray(logits_V, np.float32)
        spare = _spare(len(logits_V))
        token_id = self._largest(logits_V, spare)
        if token_id < 0:
            return None
        told = row.logprobs is not None or row.score is not None
        logarithms = self._logarithms(logits_V, row.logprobs or 0, spare) if told else None
        if row.score is not None:
            token_id = row.score
        elif row.mask_V is not None or has_edits(row):
            token_id = self._chosen(self._adjusted(logits_V, row, spare), None, row, spare)
        else:
            token_id = self._chosen(logits_V, token_id, row, spare)
        if token_id < 0:
            return None
        if logarithms is None:
            return TokenLogprob(token_id, math.nan)
        normaliser, top = logarithms
        return TokenLogprob(token_id, float(logits_V[token_id]) - normaliser, top)

    def _largest(self, logits_V: Logits, spare: _Spare) -> int:
        found: int = self._c.paddock_largest(
            self._level, logits_V.ctypes.data, len(logits_V), spare.maxima.ctypes.data,
            ctypes.byref(spare.largest),
        )  # fmt: skip
        return found

    def _adjusted(self, logits_V: Logits, row: Row, spare: _Spare) -> Logits:
        adjusted_V = spare.adjusted
        if row.mask_V is None:
            adjusted_V[:] = logits_V
        else:
            mask_V = np.ascontiguousarray(row.mask_V, np.uint32)
            if 32 * mask_V.size < len(logits_V):
                raise ValueError(f"a mask of {mask_V.size} words for {len(logits_V)} tokens")
            self._c.paddock_masked(
                self._level, logits_V.ctypes.data, len(logits_V), mask_V.ctypes.data,
                adjusted_V.ctypes.data,
            )  # fmt: skip
        edit(adjusted_V, row)
        return adjusted_V

    def _chosen(self, logits_V: Logits, first: int | None, row: Row, spare: _Spare) -> int:
        """The token by these logits, or below 0; with ``first``, ``spare`` has their maxima."""
        if first is None:
            first = self._largest(logits_V, spare)
        if first < 0 or row.sampling.temperature == 0:
            return first
        how = _drawing(row.sampling, row.position, first)
        token_id: int = self._c.paddock_draw(
            self._level, logits_V.ctypes.data, len(logits_V), spare.maxima.ctypes.data,
            spare.largest, ctypes.byref(how), spare.weights.ctypes.data,
        )  # fmt: skip
        return token_id

    def _logarithms(
        self, logits_V: Logits, count: int, spare: _Spare
    ) -> tuple[float, tuple[tuple[int, float], ...]]:
        """What logits exceed their logprobs by, and the likeliest tokens."""
        total: float = self._c.paddock_sum_exp(
            self._level, logits_V.ctypes.data, len(logits_V), spare.largest
        )
        normaliser = spare.largest.value + math.log(total)
        if not count:
            return normaliser, ()
        count = min(count, len(logits_V))
        least: float = self._c.paddock_kth(
            self._level, logits_V.ctypes.data, len(logits_V), spare.maxima.ctypes.data, count,
            spare.weights.ctypes.data,
        )  # fmt: skip
        blocks = np.flatnonzero(spare.maxima >= least)
        ids = (blocks[:, np.newaxis] * _BLOCK + np.arange(_BLOCK)).ravel()
        ids = ids[: np.searchsorted(ids, len(logits_V))]
        return normaliser, likeliest(logits_V, ids[logits_V[ids] >= least], count, normaliser)


def _drawing(sampling: Sampling, position: int, first: int) -> _Drawing:
    least = math.log(sampling.min_p) if sampling.min_p else -math.inf
    return _Drawing(
        sampling.temperature, sampling.top_p, least, sampling.seed, min(sampling.top_k, 1 << 32),
        position & 0xFFFFFFFF, first,
    )  # fmt: skip


@cache
def _declared(c: ctypes.CDLL) -> ctypes.CDLL:
    number, size, pointer = ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p
    single = ctypes.c_float
    c.paddock_largest.argtypes = [number, pointer, size, pointer, pointer]
    c.paddock_largest.restype = ctypes.c_int64
    c.paddock_sum_exp.argtypes = [number, pointer, size, single]
    c.paddock_sum_exp.restype = ctypes.c_double
    c.paddock_draw.argtypes = [number, pointer, size, pointer, single, pointer, pointer]
    c.paddock_draw.restype = ctypes.c_int64
    c.paddock_kth.argtypes = [number, pointer, size, pointer, size, pointer]
    c.paddock_kth.restype = single
    c.paddock_masked.argtypes, c.paddock_masked.restype = (
        [number, pointer, size, pointer, pointer],
        None,
    )
    return c
