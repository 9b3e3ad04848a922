"""Whether rows or columns of withheld matrices are rows or columns of a released one.

Correlation of every probe with every row and every column of the released matrix, plain and after
the released matrix's strongest directions are taken out of both: that undoes shifts of low rank,
and what unrelated layers of one model share. Whatever order the rows are in, however they are
scaled, in whatever larger matrix they stand, a copied row stays a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.matrices import Matrix
from paddock.release.leaks.null import (
    LOG_ALARM,
    effective_dimensions,
    log_chance_of_correlation,
    log_chance_together,
    log_chances,
)
from paddock.release.leaks.numbers import Floats
from paddock.release.leaks.places import WIDE, wide
from paddock.release.leaks.targets import Probes, Target, Views, views_of
from paddock.release.leaks.views import lengths, subspace

RANK: Final = 72  # directions that are taken out
COPIES: Final = 4  # of one row that are looked past
MARGIN: Final = 1.5  # how much better than any further row
LEAST: Final = 0.35  # correlation after that
LEAST_PLAIN: Final = 0.6  # without
LEAST_OF_VECTORS: Final = 0.995
LEAST_BEYOND_PARENT: Final = 0.1
SHARE: Final = 0.1  # of the probes that must be found, unless one alone is nearly the same
MOST: Final = 0.75
LEAST_IN_PART: Final = 0.75  # correlation, when fewer are found
ALONE: Final = 0.9
LOG_OF_ONE: Final = -3.0  # what chance would give one probe in twenty counts for nothing


class Match(NamedTuple):
    """Probes of one target that were found in a released matrix."""

    target: Target
    axis: str  # "rows" or "columns" of the withheld matrix
    found_in: str  # the same of the released one
    share: float
    correlation: float
    log_chance: float
    signed: bool
    low_rank: bool  # only seen once the strongest directions were out


_Owner = tuple[Target, str, Probes]  # which of its axes the probes are of


class _Found(NamedTuple):
    which: NDArray[np.bool_]
    best: NDArray[np.intp]
    values: NDArray[np.float32]
    log_chance: float


def compare(targets: Sequence[Target], matrix: Matrix, comparisons: float) -> Iterator[Match]:
    """Everything of these targets that is found in one released matrix."""
    p, q = matrix.shape
    views: Views | None = None
    for place, length in (("rows", q), ("columns", p)):
        owners = _of_length(targets, length)
        if not owners or (place == "columns" and p == 1):
            continue
        if views is None or max(p, q) > WIDE:  # otherwise they are the same for both
            views = views_of(_sampled(matrix, place))
        vectors = [(t, axis, t.whole) for t, axis, _ in owners if t.whole is not None]
        if p == 1 and vectors:
            yield from _found_in(vectors, views_of(matrix.values()), place, comparisons)
            owners = [each for each in owners if each[0].whole is None]
        if owners:
            yield from _found_in(owners, views, place, comparisons)


def _of_length(targets: Sequence[Target], length: int) -> list[_Owner]:
    """The probes that are rows, or columns, of this length."""
    owners: list[_Owner] = []
    for target in targets:
        if target.shape[1] == length:
            owners.append((target, "rows", target.rows))
        if target.columns is not None and target.shape[0] == length:
            owners.append((target, "columns", target.columns))
    return owners


def _sampled(matrix: Matrix, place: str) -> Floats:
    """All rows at the wide places, or all columns."""
    p, q = matrix.shape
    if place == "rows":
        return matrix.block(np.arange(p), wide(q))
    return matrix.rows(wide(p))


def _found_in(
    owners: Sequence[_Owner], views: Views, place: str, comparisons: float
) -> Iterator[Match]:
    """Signed, and without signs and scales."""
    rank = min(RANK, min(views.even.shape) // 8)
    for view, is_signed in ((views.even, True), (views.sizes, False)):
        left, right = subspace(view, rank) if rank else (None, None)
        side = _Side(view, 0, right) if place == "rows" else _Side(view, 1, left)
        yield from _side(owners, side, (place, is_signed), comparisons)


class _Side(NamedTuple):
    values: Floats
    axis: int
    basis: Floats | None


def _side(
    owners: Sequence[_Owner], side: _Side, what: tuple[str, bool], comparisons: float
) -> Iterator[Match]:
    """All probes of this length at once: one product of matrices."""
    place, is_signed = what
    stacked = np.concatenate([p.signed if is_signed else p.sizes for _, _, p in owners])
    plain, deflated = _correlations(stacked, side)
    at = 0
    for target, axis, probes in owners:
        end = at + len(probes.signed)
        for values, is_deflated in ((plain, False), (deflated, True)):
            if values is None:
                continue
            found = _find(values[at:end], target, is_deflated, stacked.shape[1], comparisons)
            if found is None or not _beyond_parent(found, probes, side, is_signed):
                continue
            chosen = found.which
            yield Match(
                target, axis, place, float(chosen.mean()),
                float(np.median(found.values[chosen])), found.log_chance,
                is_signed, is_deflated,
            )  # fmt: skip
            break
        at = end


def _correlations(probes: Floats, side: _Side) -> tuple[Floats, Floats | None]:
    """Every probe with every row (or column): plain, and without the strongest directions."""
    turned = side.values.T if side.axis == 0 else side.values
    dots = probes @ turned
    mine, theirs = lengths(probes, 0), lengths(side.values, side.axis)
    plain = _ratio(dots, mine, theirs)
    if side.basis is None:
        return plain, None
    my_part, their_part = probes @ side.basis, turned.T @ side.basis
    dots -= my_part @ their_part.T
    my_rest = np.sqrt(np.maximum(mine**2 - (my_part**2).sum(axis=1), 0))
    their_rest = np.sqrt(np.maximum(theirs**2 - (their_part**2).sum(axis=1), 0))
    my_rest[my_rest < 1e-3 * mine] = 0
    their_rest[their_rest < 1e-3 * theirs] = 0
    return plain, _ratio(dots, my_rest, their_rest)


def _ratio(dots: Floats, mine: Floats, theirs: Floats) -> Floats:
    one = np.divide(1, mine, out=np.zeros_like(mine), where=mine > 0)
    other = np.divide(1, theirs, out=np.zeros_like(theirs), where=theirs > 0)
    return np.asarray(dots * one[:, None] * other, np.float32)


def _find(
    values: Floats, target: Target, is_deflated: bool, length: int, comparisons: float
) -> _Found | None:
    """Which probes have a row that chance would not give them."""
    best = np.abs(values).argmax(axis=1)
    top = np.minimum(np.abs(values[np.arange(len(best)), best]), np.float32(1))
    least = LEAST if is_deflated else LEAST_PLAIN
    if target.is_vector:
        least = LEAST_OF_VECTORS
    dimensions = effective_dimensions(values, length)
    chances = log_chances(top, dimensions, values.shape[1])
    # In a copy a row has one counterpart; what models share, many rows are a little like.
    rivals = min(COPIES + values.shape[1] // max(target.shape), values.shape[1] - 1)
    ranked = np.partition(np.abs(values), -1 - rivals, axis=1)[:, -1 - rivals]
    alone = (top >= MARGIN * ranked) | (values.shape[1] == 1)
    which = (top >= least) & (chances < LOG_OF_ONE) & alone
    total = log_chance_together(chances[which], len(top), comparisons)
    if not which.any() or total > LOG_ALARM or not _is_copy(top, which):
        return None
    return _Found(which, best, top, total)


def _is_copy(top: Floats, which: NDArray[np.bool_]) -> bool:
    """Whether so many probes were found so well as in a copy.

    In real models a third of the neurons of a layer may be like some token's embedding, by 0.6:
    what is only partly found must be found well.
    """
    share = float(which.mean())
    if which.sum() < 2 or share < SHARE:
        return float(top[which].max(initial=0)) >= ALONE
    return share >= MOST or float(np.median(top[which])) >= LEAST_IN_PART


def _beyond_parent(found: _Found, probes: Probes, side: _Side, is_signed: bool) -> bool:
    """Whether the likeness is more than that both are like the public parent."""
    theirs, ours = (
        (probes.parent, probes.signed) if is_signed else (probes.parent_sizes, probes.sizes)
    )
    if theirs is None:
        return True
    turned = side.values if side.axis == 0 else side.values.T
    released = turned[found.best[found.which]]
    parent, mine = theirs[found.which], ours[found.which]
    rest, size = _without(mine, parent), lengths(mine, 0)
    other = _without(released, parent)
    real = lengths(rest, 0) > 1e-3 * size
    if not real.any():
        return False  # what is withheld is public
    if not is_signed and np.median(_cosines(mine, released) - _cosines(parent, released)) <= 0:
        return False  # sizes depend on a parent's in no straight line: a sibling's look alike, too
    partial = _cosines(rest[real], other[real])
    chance = sum(log_chance_of_correlation(float(c), mine.shape[1], 1) for c in partial)
    return float(np.median(partial)) >= LEAST_BEYOND_PARENT and chance < LOG_ALARM


def _cosines(rows: Floats, others: Floats) -> Floats:
    """Absolute correlation of each row with its counterpart."""
    dots = np.einsum("ij,ij->i", rows, others)
    sizes = lengths(rows, 0) * lengths(others, 0)
    return np.asarray(np.abs(dots / np.maximum(sizes, np.float32(1e-30))))


def _without(rows: Floats, others: Floats) -> Floats:
    """Each row less what its counterpart explains of it."""
    squares = np.maximum(np.einsum("ij,ij->i", others, others), np.float32(1e-30))
    share = np.einsum("ij,ij->i", rows, others) / squares
    return np.asarray(rows - share[:, None] * others, np.float32)
