"""Whether a withheld tensor is a sum of released ones: base and adapter, two halves, a delta.

Of every released matrix of the same shape the same few places are kept. A withheld matrix that
these explain together, beyond what its public parent explains, can be computed by whoever has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.matrices import Matrix
from paddock.release.leaks.numbers import Floats
from paddock.release.leaks.targets import Target, block_columns, block_rows, without_means

LEAST_EXPLAINED: Final = 0.5  # of the squared length
MAX_BYTES: Final = 256 << 20  # of kept rows
MAX_FACTORS: Final = 4096
MAX_FACTOR_RANK: Final = 512
MAX_PAIRS: Final = 64  # of factors for one shape
_SUMMANDS: Final = 4  # that are named


class Sum(NamedTuple):
    """Released tensors that together give a withheld one."""

    target: Target
    summands: tuple[str, ...]
    explained: float


class _Kept(NamedTuple):
    name: str
    rows: Floats


class _Factor(NamedTuple):
    name: str
    values: Floats


@dataclass(slots=True)
class Combinations:
    """Rows of released matrices, by shape, and small factors whose products have such shapes."""

    shapes: frozenset[tuple[int, int]]
    kept: dict[tuple[int, int], list[_Kept]] = field(default_factory=dict)
    factors: list[_Factor] = field(default_factory=list)
    bytes: int = 0
    is_full: bool = False

    def add(self, name: str, matrix: Matrix) -> None:
        """Remember what a sum could be made of."""
        p, q = matrix.shape
        if (p, q) in self.shapes:
            block = matrix.block(block_rows((p, q)), block_columns((p, q)))
            self._keep((p, q), name, block)
        if (q, p) in self.shapes:
            block = matrix.block(block_columns((q, p)), block_rows((q, p))).T
            self._keep((q, p), f"{name}, transposed", block)
        if min(p, q) <= MAX_FACTOR_RANK and self._fits_a_shape(p, q):
            if len(self.factors) >= MAX_FACTORS or not self._take(4 * p * q):
                self.is_full = True
            else:
                self.factors.append(_Factor(name, matrix.values()))

    def wants(self, p: int, q: int) -> bool:
        """Whether a matrix of this shape could be part of a sum."""
        shaped = (p, q) in self.shapes or (q, p) in self.shapes
        return shaped or (min(p, q) <= MAX_FACTOR_RANK and self._fits_a_shape(p, q))

    def sums(self, targets: Sequence[Target]) -> list[Sum]:
        """The targets that released tensors explain together."""
        found = []
        for target in targets:
            if target.block is None:
                continue
            kept = [*self.kept.get(target.shape, ()), *self._products(target.shape)]
            if kept and (best := _explained(target, kept)) is not None:
                found.append(best)
        return found

    def _fits_a_shape(self, p: int, q: int) -> bool:
        return any(side in shape for shape in self.shapes for side in (p, q))

    def _keep(self, shape: tuple[int, int], name: str, rows: Floats) -> None:
        if not self._take(rows.nbytes):
            self.is_full = True
            return
        block = without_means(np.ascontiguousarray(rows))
        self.kept.setdefault(shape, []).append(_Kept(name, block))

    def _take(self, count: int) -> bool:
        self.bytes += count
        return self.bytes <= MAX_BYTES

    def _products(self, shape: tuple[int, int]) -> list[_Kept]:
        """Rows of products of two factors that have this shape."""
        m, n = shape
        rows, columns = block_rows(shape), block_columns(shape)
        lefts = [(f.name, side) for f in self.factors for side in _turned(f.values, m, 0)]
        rights = [(f.name, side) for f in self.factors for side in _turned(f.values, n, 1)]
        pairs = [
            (one, other)
            for one in lefts
            for other in rights
            if one[1].shape[1] == other[1].shape[0] and one[0] != other[0]
        ]
        pairs.sort(key=lambda pair: -_common_letters(pair[0][0], pair[1][0]))
        return [
            _Kept(f"{one[0]} times {other[0]}", without_means(one[1][rows] @ other[1][:, columns]))
            for one, other in pairs[:MAX_PAIRS]
        ]


def _turned(values: Floats, side: int, axis: int) -> list[Floats]:
    """The factor, and its transpose, where the given side of it has this length."""
    return [v for v in (values, values.T) if v.shape[axis] == side and min(v.shape) < side]


def _common_letters(one: str, other: str) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _explained(target: Target, kept: Sequence[_Kept]) -> Sum | None:
    """How much of the target's rows released rows explain, with one factor for each tensor."""
    if target.block is None:
        return None
    wanted = target.block.reshape(-1).astype(np.float64)
    columns = [each.rows.reshape(-1).astype(np.float64) for each in kept]
    most = max(1, wanted.size // 8)  # more would explain anything
    if target.block_parent is not None:
        parent = target.block_parent.reshape(-1).astype(np.float64)
        wanted = _less(wanted, parent)
        columns = [_less(column, parent) for column in columns]
    size = float(wanted @ wanted)
    public = target.block_parent is not None and size < 1e-6 * float((target.block**2).sum())
    if size == 0 or public:
        return None
    best: Sum | None = None
    for at in range(0, len(columns), most):
        share, weights = _fitted(wanted, columns[at : at + most])
        if share >= LEAST_EXPLAINED and (best is None or share > best.explained):
            order = np.argsort(-np.abs(weights))[:_SUMMANDS]
            named = [kept[at + int(i)].name for i in order if abs(weights[i]) > 0.01]
            best = Sum(target, tuple(named), share)
    return best


def _fitted(
    wanted: NDArray[np.float64], columns: Sequence[NDArray[np.float64]]
) -> tuple[float, NDArray[np.float64]]:
    """Share of the squared length that is explained, less chance's; and relative weights."""
    sizes = np.array([np.linalg.norm(column) or 1.0 for column in columns])
    matrix = np.stack(columns, axis=1) / sizes
    weights = np.linalg.lstsq(matrix, wanted, rcond=1e-9)[0]
    rest = wanted - matrix @ weights
    share = 1 - float(rest @ rest) / float(wanted @ wanted)
    free = max(wanted.size - len(columns), 1)
    share = 1 - (1 - share) * wanted.size / free
    return share, weights / max(float(np.abs(weights).max()), 1e-30)


def _less(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = float(other @ other)
    return one - (float(one @ other) / squares if squares else 0.0) * other
