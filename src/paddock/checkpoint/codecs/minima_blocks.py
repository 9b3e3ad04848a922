"""Q4_K and Q5_K, whole, in NumPy: the stages of ``minima_search`` put together.

What a super-block of eight sub-blocks shares is computed here, in the order of its sub-blocks. The
kernel (``kernels/source/minima_blocks.h``) computes the same bits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.casts import Bytes, Floats, from_float32, to_float32
from paddock.checkpoint.codecs.k_layout import join_q4_k, join_q5_k
from paddock.checkpoint.codecs.minima_search import (
    Line,
    Steps,
    Sums,
    choose_steps,
    codes_of,
    find_lines,
    nearest,
    sum_codes,
    total,
)

_REFITS: Final = 2
_AS_IS: Final = ((0, 0),)
_NEXT_TO: Final = (*_AS_IS, (1, 0), (-1, 0), (0, 1), (0, -1))
_AROUND: Final = (*_NEXT_TO, (1, 1), (-1, -1), (1, -1), (-1, 1))
_SMALLEST_HALF: Final = np.float32(2.0**-24)


def encode_q4_k(values: Floats) -> Bytes:
    """Blocks of 144 bytes; a scale that is too large for F16 becomes infinite."""
    halves, scales, minima, codes = _encode(values, 15)
    return join_q4_k(halves, scales, minima, codes)


def encode_q5_k(values: Floats) -> Bytes:
    """Blocks of 176 bytes; a scale that is too large for F16 becomes infinite."""
    halves, scales, minima, codes = _encode(values, 31)
    return join_q5_k(halves, scales, minima, codes)


def half_step(step: Floats) -> Floats:
    """What F16 makes of a scale; one that is not 0 stays so."""
    half = to_float32(from_float32(step, "F16"), "F16")
    return np.where((half == 0) & (step > 0), _SMALLEST_HALF, half)


def _encode(values: Floats, top: int) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    turned = np.ascontiguousarray(values.reshape(-1, 32).T)
    steps = _find_steps(turned, top)
    codes = codes_of(turned, steps.d * steps.scale, steps.dmin * steps.minimum, top)
    shared = np.stack([steps.d[::8], steps.dmin[::8]], axis=1)
    return (
        from_float32(shared, "F16").reshape(-1, 4),
        steps.scale.astype(np.uint8).reshape(-1, 8),
        steps.minimum.astype(np.uint8).reshape(-1, 8),
        np.ascontiguousarray(codes.T).astype(np.uint8).reshape(-1, 256),
    )


def _find_steps(values: Floats, top: int) -> Steps:
    plain, best, weighted = find_lines(values, top)
    steps = choose_steps(values, top, _AS_IS, _first_steps(best, 63))
    starts = [(plain, last) for last in (63, 62, 60)] + [(best, last) for last in (0, 62, 61, 59)]
    for line, last in (*starts, (weighted, 63)):
        steps = _better(choose_steps(values, top, _AS_IS, _first_steps(line, last)), steps)
    steps = choose_steps(values, top, _AROUND, steps)
    for _ in range(_REFITS):
        fitted = _refit(sum_codes(values, top, steps), steps)
        steps = _better(choose_steps(values, top, _NEXT_TO, fitted), steps)
    return steps


def _first_steps(line: Line, last: int) -> Steps:
    """Steps from lines: the largest of a super-block takes the step ``last``, or, where that is 0,
    d and dmin are powers of two."""
    d, by_d = _shared_step(line.scale, last)
    dmin, by_dmin = _shared_step(line.minimum, last)
    scale, minimum = line.scale * by_d, line.minimum * by_dmin
    return Steps(
        d,
        dmin,
        nearest(np.fmax(np.fmin(scale, 63), 0)),
        nearest(np.fmax(np.fmin(minimum, 63), 0)),
        np.zeros_like(d),
    )


def _shared_step(values: Floats, last: int) -> tuple[Floats, Floats]:
    """The step of a super-block's values, and its inverse (0 for 0), for each sub-block."""
    largest = np.maximum(values.reshape(-1, 8).max(axis=1), np.float32(0))
    step = half_step(largest / np.float32(last) if last else _power_above(largest / np.float32(63)))
    inverse = np.zeros_like(step)
    np.divide(np.float32(1), step, out=inverse, where=step > 0)
    return np.repeat(step, 8), np.repeat(inverse, 8)


def _power_above(step: Floats) -> Floats:
    """The next power of two: with it small multiples are exact, as in ternary weights."""
    return ((step.view(np.uint32) + np.uint32(0x7FFFFF)) & np.uint32(0x7F800000)).view(np.float32)


def _better(other: Steps, steps: Steps) -> Steps:
    """Of two ways to write each super-block the one that errs less."""
    errors = [total(np.ascontiguousarray(of.error.reshape(-1, 8).T)) for of in (other, steps)]
    better = np.repeat(errors[0] < errors[1], 8)
    return Steps(*(np.where(better, a, b) for a, b in zip(other, steps, strict=True)))


def _refit(sums: Sums, steps: Steps) -> Steps:
    """d and dmin that fit the codes of 256 elements best, if there are such (stage 3)."""
    scale, minimum = steps.scale.astype(np.float64), steps.minimum.astype(np.float64)
    aa = _of_blocks(scale * scale * sums.squares.astype(np.float64))
    ab = _of_blocks(scale * minimum * sums.codes.astype(np.float64))
    bb = _of_blocks(minimum * minimum * 32.0)
    ax = _of_blocks(scale * sums.products.astype(np.float64))
    bx = _of_blocks(minimum * sums.elements.astype(np.float64))
    d, dmin = steps.d[::8].astype(np.float64), steps.dmin[::8].astype(np.float64)
    spread = aa * bb - ab * ab
    spreads = spread > 1e-6 * aa * bb
    by = np.where(spreads, spread, 1.0)
    new_d, new_dmin = (ax * bb - bx * ab) / by, (ax * ab - bx * aa) / by
    fits = spreads & (new_d > 0) & (new_dmin >= 0)
    along = ax + dmin * ab
    alone = ~spreads & (aa > 0) & (along > 0)
    d = np.where(fits, new_d, np.where(alone, along / np.where(aa > 0, aa, 1.0), d))
    dmin = np.where(fits, new_dmin, dmin)
    fitted = [np.repeat(half_step(of.astype(np.float32)), 8) for of in (d, dmin)]
    return Steps(fitted[0], fitted[1], steps.scale, steps.minimum, steps.error)


def _of_blocks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum over each super-block, from its first sub-block to its last."""
    result = np.zeros(values.size // 8)
    for sub in range(8):
        result += values[sub::8]
    return result
