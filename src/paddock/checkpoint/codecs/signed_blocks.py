"""Q6_K in NumPy: scales of sub-blocks of 16 elements, by least squares.

An element is ``d * scale * code``: d is F16 and shared by sixteen sub-blocks, scale has eight bits
and a code six, both signed. The stages are those of ``minima_search``, with lines through 0.
llama.cpp's search (``make_qx_quants``) weighs errors by the square of the element and rounds the
scales blindly. The kernel (``kernels/source/signed_search.h``) computes the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np

from paddock.checkpoint.codecs.casts import Bytes, Floats, from_float32
from paddock.checkpoint.codecs.k_layout import join_q6_k
from paddock.checkpoint.codecs.minima_blocks import half_step
from paddock.checkpoint.codecs.minima_search import NOISE, Number, nearest, total

_LOWEST, _HIGHEST = -32, 31
_FIRST_STEP, _LAST_STEP = -128, 127
_REFITS: Final = 2
_TENTHS: Final = 9  # how many tenths llama.cpp's factors are away from 32
_AS_IS: Final = (0,)
_NEXT: Final = (*_AS_IS, 1, -1)
_NEARBY: Final = (*_NEXT, 2, -2, 3, -3)
_ONE: Final = np.float32(1)
# The extreme of a sub-block takes the code that reaches furthest, or one near it.
_PLAIN_FACTOR: Final = np.float32(-32)
_FACTORS: Final = tuple(np.float32(-25 - k / 2) for k in range(16))


class _Steps(NamedTuple):
    """d of each sub-block's super-block, its scale in steps, and its error."""

    d: Floats
    scale: Floats
    error: Floats


def encode_q6_k(values: Floats) -> Bytes:
    """Blocks of 210 bytes; a scale that is too large for F16 becomes infinite."""
    turned = np.ascontiguousarray(values.reshape(-1, 16).T)
    steps = _find_steps(turned)
    codes = _codes_of(turned, steps.d * steps.scale).T + np.float32(32)
    return join_q6_k(
        from_float32(np.ascontiguousarray(steps.d[::16]), "F16").reshape(-1, 2),
        steps.scale.astype(np.int8).view(np.uint8).reshape(-1, 16),
        np.ascontiguousarray(codes).astype(np.uint8).reshape(-1, 256),
    )


def _find_steps(values: Floats) -> _Steps:
    plain, best, weighted = _find_scales(values)
    steps = _choose(values, _NEARBY, _first_steps(best, -128))
    steps = _better(_choose(values, _NEARBY, _first_steps(plain, -128)), steps)
    starts = [(plain, last) for last in (-127, -124)]
    # What differs is how F16 rounds d, by as much as a part in a hundred for small weights.
    starts += [(best, last) for last in (-126, -123, -117, -109)]
    starts.append((weighted, -128))
    for scales, last in starts:
        steps = _better(_choose(values, _AS_IS, _first_steps(scales, last)), steps)
    for _ in range(_REFITS):
        steps = _better(_choose(values, _NEXT, _refit(values, steps)), steps)
    return steps


def _find_scales(values: Floats) -> tuple[Floats, Floats, Floats]:
    """The scales of the plain factor, the best, and llama.cpp's (stage 1)."""
    place = np.abs(values).argmax(axis=0)[None]
    extreme = np.take_along_axis(values, place, axis=0)[0]
    unit = np.divide(values, np.where(extreme == 0, _ONE, extreme), dtype=np.float32)
    best, slope = _try_factor(unit, _PLAIN_FACTOR)
    plain = slope
    for factor in _FACTORS:
        best, slope = _more(_try_factor(unit, factor), (best, slope))
    factors = np.reciprocal(np.where(slope == 0, _ONE, slope))
    best, slope = _more(_try_factor(unit, factors), (best, slope))
    return plain * extreme, slope * extreme, _weighted_slope(unit) * extreme


def _weighted_slope(unit: Floats) -> Floats:
    """What llama.cpp would take (``make_qx_quants``): errors weighed by the square of the element,
    from its factors. Where chance decides, it keeps us from erring more."""
    best: Floats = np.zeros_like(unit[0])
    slope: Floats = np.zeros_like(unit[0])
    for tenths in (0, *range(-_TENTHS, 0), *range(1, _TENTHS + 1)):
        factor = -(np.float32(32) + np.float32(0.1) * np.float32(tenths))
        codes = np.fmax(np.fmin(nearest(unit * factor), _HIGHEST), _LOWEST)
        weighted = (unit * unit) * codes
        products = total(weighted * unit)
        tried = np.divide(products, np.maximum(total(weighted * codes), _ONE), dtype=np.float32)
        better = tried * products > best
        best, slope = np.where(better, tried * products, best), np.where(better, tried, slope)
    return slope


def _try_factor(unit: Floats, factor: Number) -> tuple[Floats, Floats]:
    """What the codes for a factor explain of the squares, and the slope that does."""
    codes = np.fmax(np.fmin(nearest(unit * factor), _HIGHEST), _LOWEST)
    products = total(codes * unit)
    slope = np.divide(products, np.maximum(total(codes * codes), _ONE), dtype=np.float32)
    return slope * products, slope


def _more(tried: tuple[Floats, Floats], best: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    better = tried[0] > best[0] + NOISE
    return np.where(better, tried[0], best[0]), np.where(better, tried[1], best[1])


def _first_steps(scales: Floats, last: int) -> _Steps:
    """Steps from the scales of sub-blocks: the one of largest magnitude takes the step ``last``."""
    blocks = scales.reshape(-1, 16)
    place = np.abs(blocks).argmax(axis=1)[:, None]
    d = _signed_half_step(np.take_along_axis(blocks, place, axis=1)[:, 0] / np.float32(last))
    inverse = np.zeros_like(d)
    np.divide(_ONE, d, out=inverse, where=d != 0)
    steps = np.fmax(np.fmin(scales * np.repeat(inverse, 16), _LAST_STEP), _FIRST_STEP)
    return _Steps(np.repeat(d, 16), nearest(steps), np.zeros_like(scales))


def _choose(values: Floats, moves: Sequence[int], steps: _Steps) -> _Steps:
    """The neighbours of the scales that err least (stage 2)."""
    return reduce(_closer, (_moved(values, move, steps) for move in moves))


def _moved(values: Floats, move: int, steps: _Steps) -> _Steps:
    scale = np.clip(steps.scale + np.float32(move), _FIRST_STEP, _LAST_STEP)
    step = scale * steps.d
    return _Steps(steps.d, scale, total(np.square(step * _codes_of(values, step) - values)))


def _closer(chosen: _Steps, tried: _Steps) -> _Steps:
    """Block by block; the first of two that err alike."""
    less = tried.error < chosen.error
    return _Steps(*(np.where(less, a, b) for a, b in zip(tried, chosen, strict=True)))


def _refit(values: Floats, steps: _Steps) -> _Steps:
    """The d that fits the codes of 256 elements best (stage 3)."""
    codes = _codes_of(values, steps.scale * steps.d)
    scale = steps.scale.astype(np.float64)
    by_squares = scale * scale * total(codes * codes).astype(np.float64)
    by_products = scale * total(codes * values).astype(np.float64)
    squares, products = np.zeros(scale.size // 16), np.zeros(scale.size // 16)
    for sub in range(16):
        squares += by_squares[sub::16]
        products += by_products[sub::16]
    some = squares > 0
    fitted = _signed_half_step((products / np.where(some, squares, 1.0)).astype(np.float32))
    d = np.where(some & (fitted != 0), fitted, steps.d[::16])
    return steps._replace(d=np.repeat(d, 16))


def _better(other: _Steps, steps: _Steps) -> _Steps:
    """Of two ways to write each super-block the one that errs less."""
    errors = [total(np.ascontiguousarray(of.error.reshape(-1, 16).T)) for of in (other, steps)]
    better = np.repeat(errors[0] < errors[1], 16)
    return _Steps(*(np.where(better, a, b) for a, b in zip(other, steps, strict=True)))


def _codes_of(values: Floats, step: Floats) -> Floats:
    """The codes nearest to the elements; 0 where the step is."""
    some = (step < 0) | (step > 0)
    factor = np.where(some, np.reciprocal(np.where(some, step, _ONE)), np.float32(0))
    return np.fmax(np.fmin(nearest(values * factor), _HIGHEST), _LOWEST)


def _signed_half_step(step: Floats) -> Floats:
    """As F16; one that is not 0 stays so, and 0 has no sign."""
    half = half_step(np.abs(step))
    return np.where(step < 0, -half, half)
