"""Which withheld matrices deserve to be compared with a released one: a screen that costs little.

One product of matrices serves all withheld ones of a length. A quarter of the released rows is held
against the probes at some 256 places, after the released matrix's own covariance is divided out
of both: shifts of low rank, and what all its rows share, no longer count. A probe whose best row
stands out far from all others makes its matrix a candidate. The verdict, and the bound on false
alarms, are the comparison's (``aligned``): what passes here by mistake costs time, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.matrices import Matrix
from paddock.release.leaks.numbers import Floats
from paddock.release.leaks.places import narrow, narrow_places, scattered
from paddock.release.leaks.targets import Probes, Target
from paddock.release.leaks.views import centred, lengths, magnitudes

LEAST_ELEMENTS: Final = 1 << 18  # of a matrix; smaller ones are compared with everything
SHARE_OF_ROWS: Final = 4  # one in so many is looked at
LEAST_ROWS: Final = 512
ALONE: Final = 6.0  # spreads from nothing, of one probe's best row
TOGETHER, LEAST_TOGETHER = 4.8, 3  # or of so many probes' best rows
SIZES_OF: Final = 2  # signs forgotten, one place in so many serves
LIKE: Final = 0.6  # correlation that is enough, however many rows have it
VECTOR_PLACES: Final = 64
LEAST_OF_VECTORS: Final = 0.95
_RIDGE: Final = 0.25


class _Group(NamedTuple):
    """The probes of one length, of all withheld matrices."""

    signed: Floats
    sizes: Floats
    owners: NDArray[np.intp]  # which target each probe is of


class Screen(NamedTuple):
    """What is held against every released matrix."""

    targets: Sequence[Target]
    groups: dict[int, _Group]
    vectors: dict[int, tuple[Floats, NDArray[np.intp]]]

    def candidates(self, matrix: Matrix) -> set[int]:
        """Which targets deserve a comparison, by their places in the sequence.

        The matrix has at least ``NARROW`` rows and columns: of fewer none can stand out.
        """
        p, q = matrix.shape
        found: set[int] = set()
        if (rows := self.groups.get(q)) is not None:
            block = matrix.block(_some(p), narrow_places(q))
            found |= _outstanding(rows, block)
        if (columns := self.groups.get(p)) is not None:
            block = matrix.rows(narrow_places(p))[:, _some(q)].T
            found |= _outstanding(columns, np.ascontiguousarray(block))
        if (vectors := self.vectors.get(q)) is not None:
            found |= _vectors(vectors, matrix)
        return found


def screen_of(targets: Sequence[Target]) -> Screen:
    """Stack the probes of all targets."""
    kept: dict[int, list[tuple[int, Probes]]] = {}
    vectors: dict[int, list[tuple[int, Probes]]] = {}
    for number, target in enumerate(targets):
        m, n = target.shape
        if target.whole is not None:
            vectors.setdefault(n, []).append((number, target.whole))
            continue
        kept.setdefault(n, []).append((number, target.rows))
        if target.columns is not None:
            kept.setdefault(m, []).append((number, target.columns))
    return Screen(
        targets,
        {length: _stacked(length, probes) for length, probes in kept.items()},
        {length: _stacked_vectors(length, probes) for length, probes in vectors.items()},
    )


def _stacked(length: int, probes: Sequence[tuple[int, Probes]]) -> _Group:
    at = narrow(length)
    return _Group(
        _unit(np.concatenate([each.signed[:, at] for _, each in probes])),
        _unit(np.concatenate([each.sizes[:, at][:, ::SIZES_OF] for _, each in probes])),
        np.concatenate([np.full(len(each.signed), number) for number, each in probes]),
    )


def _stacked_vectors(
    length: int, probes: Sequence[tuple[int, Probes]]
) -> tuple[Floats, NDArray[np.intp]]:
    at = narrow_places(length)[:VECTOR_PLACES]
    stacked = np.concatenate([each.signed[:, at] for _, each in probes])
    return _unit(stacked), np.array([number for number, _ in probes])


def _some(count: int) -> NDArray[np.intp]:
    return scattered(count, max(LEAST_ROWS, count // SHARE_OF_ROWS))


def _outstanding(group: _Group, block: Floats) -> set[int]:
    """Targets with probes that some row of the block is like."""
    found: set[int] = set()
    sizes = _unit(magnitudes(block)[:, ::SIZES_OF])
    signed = _unit(centred(block))
    inverse = _inverse(signed)
    rows, probes = _unit_in(signed, inverse)[0], _unit_in(group.signed, inverse)[1]
    for products in (probes @ rows.T, group.sizes @ sizes.T):
        best = np.maximum(products.max(axis=1), -products.min(axis=1))
        strength = best / np.maximum(_spread(products), np.float32(1e-12))
        found.update(int(owner) for owner in group.owners[(strength >= ALONE) | (best >= LIKE)])
        owners, times = np.unique(group.owners[strength >= TOGETHER], return_counts=True)
        found.update(int(owner) for owner in owners[times >= LEAST_TOGETHER])
    return found


def _unit_in(lines: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Lines of length one by this inverse covariance: multiplied by it, and as they are."""
    turned = lines @ inverse
    size = np.sqrt(np.maximum(np.einsum("ij,ij->i", turned, lines), np.float32(1e-30)))[:, None]
    return np.asarray(turned / size, np.float32), np.asarray(lines / size, np.float32)


def _spread(products: Floats) -> Floats:
    """Of each probe's products with all rows."""
    return np.asarray(lengths(products, 0) / np.float32(np.sqrt(products.shape[1])), np.float32)


def _inverse(rows: Floats) -> Floats:
    """Of the rows' covariance, but for its weakest directions."""
    count, places = rows.shape
    covariance = rows.T @ rows * np.float32(places / count)
    at = np.arange(places)
    least = 1e-4 * max(float(np.trace(covariance)) / places, 1e-12)
    covariance[at, at] += np.float32(least)
    # Strong directions do not move the harmonic mean of the spreads.
    usual = places / max(float(np.trace(np.linalg.inv(covariance))), 1e-12)
    covariance[at, at] += np.float32((_RIDGE + places / count) * max(usual, least))
    return np.asarray(np.linalg.inv(covariance), np.float32)


def _vectors(vectors: tuple[Floats, NDArray[np.intp]], matrix: Matrix) -> set[int]:
    """Vectors that stand as one row of a matrix."""
    probes, owners = vectors
    p, q = matrix.shape
    rows = matrix.block(np.arange(p), narrow_places(q)[:VECTOR_PLACES])
    rows -= rows.mean(axis=1, keepdims=True)
    best = np.abs(probes @ _unit(rows).T).max(axis=1)
    return {int(owner) for owner in owners[best >= LEAST_OF_VECTORS]}


def _unit(rows: Floats) -> Floats:
    """Rows of length one; a new array."""
    return np.asarray(rows / np.maximum(lengths(rows, 0), np.float32(1e-20))[:, None], np.float32)
