"""Q4_K and Q5_K: scales and minima of sub-blocks of 32 elements, by least squares, in NumPy.

An element is ``d * scale * code - dmin * minimum``: d and dmin are F16 and shared by eight
sub-blocks, scale and minimum have six bits, a code four or five. What is made small is the sum of
squared errors. llama.cpp's search (``make_qkx2_quants``) weighs errors by magnitude and rounds the
scales blindly afterwards; this one

1. maps a sub-block to [0, 1] and tries grids of codes, each with the line through it that fits
   best, and moves the best grid once more towards its line (Lloyd);
2. counts lines in steps of several d and dmin, and chooses among those, then among the six-bit
   neighbours of scale and minimum, by the error they really give;
3. fits d and dmin to the codes of all 256 elements and repeats the choice (``minima_blocks``).

The kernel (``kernels/source/minima_search.h``) computes the same bits: same operations, same order,
float32. An array of elements is [32, sub-blocks], so that no sum crosses sub-blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.codecs.casts import Floats

Number = Floats | np.float32  # one for all sub-blocks, or one for each

_LAST_STEP: Final = 63  # scales and minima have six bits
_INTEGERS: Final = 12582912.0  # 1.5 * 2^23: what is added to it and taken away is an integer
# How much longer than the codes a grid is, and where in [0, 1] it begins. The first is the plain
# one. kernels/source/dispatch.c has the same, and how they were found.
GRIDS: Final = {
    15: (
        *((0, 0), (-1, 0), (0.25, 0), (0.25, -0.06), (0, 0.015), (-0.75, -0.06), (0.5, -0.015)),
        *((-1.75, -0.06), (-2.75, -0.06), (-0.25, 0.03), (0, -0.06), (-3.75, -0.1)),
        *((0, -0.03), (-1.5, 0), (-3, 0)),
    ),
    31: (
        *((0, 0), (-1, 0), (0.5, 0), (0, 0.015), (0, -0.03), (-1, -0.03), (0, -0.1), (-1, -0.1)),
        *((0, -0.015), (-2.5, -0.06), (0.5, -0.03), (-3, -0.1), (-1, -0.015), (-1.5, 0), (-3, 0)),
    ),
}
# By how much the first of llama.cpp's grids is longer than the codes, and how many there are.
_LONGER: Final = {15: (np.float32(-1), 21), 31: (np.float32(-0.5), 16)}
# Errors that are nearer to each other than this are the same to float32, and the first counts: then
# neighbours that are alike get lines that are alike.
NOISE: Final = 1e-5


class Line(NamedTuple):
    """Scale and minimum of each sub-block before they are counted in steps."""

    scale: Floats
    minimum: Floats


class Steps(NamedTuple):
    """d and dmin of each sub-block's super-block, its scale and minimum in steps, its error."""

    d: Floats
    dmin: Floats
    scale: Floats
    minimum: Floats
    error: Floats


class Sums(NamedTuple):
    """Of codes, of their squares, of codes by elements, and of elements."""

    codes: Floats
    squares: Floats
    products: Floats
    elements: Floats


class _Moments(NamedTuple):
    weight: Number
    total: Floats
    squares: Floats
    limit: Floats


class _Fit(NamedTuple):
    slope: Floats
    offset: Floats
    error: Floats


def nearest(values: Floats) -> Floats:
    """The nearest integers, ties to even."""
    return (values + _INTEGERS) - _INTEGERS


def total(rows: Floats) -> Floats:
    """The sum of each column, from the first row to the last."""
    result: Floats = np.zeros_like(rows[0])
    for row in rows:
        result += row
    return result


def better_of(better: NDArray[np.bool_], one: _Fit, other: _Fit) -> _Fit:
    """Where ``better``, one; elsewhere the other."""
    return _Fit(*(np.where(better, a, b) for a, b in zip(one, other, strict=True)))


def find_lines(values: Floats, top: int) -> tuple[Line, Line, Line]:
    """The line of the plain grid, the best of all, and llama.cpp's (stage 1)."""
    low = np.minimum(values.min(axis=0), np.float32(0)) + np.float32(0)
    width = values.max(axis=0) - low
    varies = width > 0
    width = np.where(varies, width, np.float32(1))
    unit = (values - low) / width
    moments = _Moments(np.float32(32), total(unit), total(unit * unit), -low / width)
    fits = _fits(unit, moments, top)
    first = best = next(fits)
    for fit in fits:
        best = better_of(fit.error + NOISE < best.error, fit, best)
    slope = np.where(best.slope > 0, best.slope, np.float32(1))
    moved = _try_grid(unit, moments, np.reciprocal(slope), best.offset, top)
    best = better_of(moved.error + NOISE < best.error, moved, best)
    lines = (
        Line(
            np.where(varies, fit.slope * width, np.float32(0)),
            np.where(varies, -(low + fit.offset * width), -low),
        )
        for fit in (first, best, _find_weighted(unit, moments.limit, top))
    )
    return next(lines), next(lines), next(lines)


def choose_steps(values: Floats, top: int, moves: Sequence[tuple[int, int]], steps: Steps) -> Steps:
    """The neighbours of scale and minimum that err least (stage 2)."""
    return reduce(_closer, (_moved(values, top, move, steps) for move in moves))


def _moved(values: Floats, top: int, move: tuple[int, int], steps: Steps) -> Steps:
    along, down = move
    scale = np.clip(steps.scale + np.float32(along), 0, _LAST_STEP)
    minimum = np.clip(steps.minimum + np.float32(down), 0, _LAST_STEP)
    step, offset = steps.d * scale, steps.dmin * minimum
    error = total(np.square((step * codes_of(values, step, offset, top) - offset) - values))
    return Steps(steps.d, steps.dmin, scale, minimum, error)


def _closer(chosen: Steps, tried: Steps) -> Steps:
    """Block by block; the first of two that err alike."""
    less = tried.error < chosen.error
    return Steps(*(np.where(less, a, b) for a, b in zip(tried, chosen, strict=True)))


def codes_of(values: Floats, step: Floats, offset: Floats, top: int) -> Floats:
    """The codes nearest to the elements; 0 where the step is."""
    rises = step > 0
    factor = np.where(rises, np.reciprocal(np.where(rises, step, np.float32(1))), np.float32(0))
    return np.fmax(np.fmin(nearest((values + offset) * factor), top), 0)


def sum_codes(values: Floats, top: int, steps: Steps) -> Sums:
    """What stage 3 needs to know of the codes."""
    codes = codes_of(values, steps.d * steps.scale, steps.dmin * steps.minimum, top)
    return Sums(total(codes), total(codes * codes), total(codes * values), total(values))


def _fits(unit: Floats, moments: _Moments, top: int) -> Iterator[_Fit]:
    for finer, start in GRIDS[top]:
        begin = np.float32(start)
        factor = (np.float32(top) + np.float32(finer)) / (np.float32(1) - begin)
        yield _try_grid(unit, moments, factor, begin, top)


def _try_grid(unit: Floats, moments: _Moments, factor: Number, start: Number, top: int) -> _Fit:
    codes = np.fmax(np.fmin(nearest((unit - start) * factor), top), 0)
    return _fit_line(moments, total(codes), total(codes * codes), total(codes * unit))


def _find_weighted(unit: Floats, limit: Floats, top: int) -> _Fit:
    """The line that llama.cpp would take: errors weighed by magnitude, grids a tenth of a code
    longer each time (the arguments of ``make_qkx2_quants``). For weights it is seldom the best;
    where chance decides (10 and little more, a few outliers) it keeps us from erring more."""
    elements = unit - limit  # by the width
    weights = np.sqrt(total(elements * elements) / np.float32(32)) + np.abs(elements)
    weighted = weights * unit
    moments = _Moments(total(weights), total(weighted), total(weighted * unit), limit)
    squares, products = _weighted_sums(unit, weights, np.float32(top), top)[1:]
    slope = np.full_like(limit, np.float32(1) / np.float32(top))
    error = moments.squares + slope * (slope * squares - products * 2)
    best = _Fit(slope, np.zeros_like(slope), error)
    first, tries = _LONGER[top]
    for k in range(tries):
        factor = np.float32(top) + (first + np.float32(0.1) * np.float32(k))
        fit = _fit_line(moments, *_weighted_sums(unit, weights, factor, top))
        best = better_of(fit.error < best.error, fit, best)
    return best


def _weighted_sums(
    unit: Floats, weights: Floats, factor: np.float32, top: int
) -> tuple[Floats, Floats, Floats]:
    codes = np.fmax(np.fmin(nearest(unit * factor), top), 0)
    weighted = weights * codes
    return total(weighted), total(weighted * codes), total(weighted * unit)


def _fit_line(of: _Moments, codes: Floats, squares: Floats, products: Floats) -> _Fit:
    """The line through codes whose sums are known; its offset may not exceed the limit."""
    one = np.float32(1)
    spread = squares * of.weight - codes * codes
    spreads = spread > 0
    by = np.reciprocal(np.where(spreads, spread, one))
    by_squares = np.reciprocal(np.maximum(squares, one))
    slope = np.where(spreads, (products * of.weight - of.total * codes) * by, products * by_squares)
    offset = np.where(spreads, (squares * of.total - codes * products) * by, np.float32(0))
    over = offset > of.limit
    offset = np.where(over, of.limit, offset)
    slope = np.where(over, (products - offset * codes) * by_squares, slope)
    error = (
        of.squares
        + slope * (slope * squares - products * 2)
        + offset * ((slope * codes - of.total) * 2 + offset * of.weight)
    )
    return _Fit(slope, offset, error)
