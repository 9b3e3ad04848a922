"""What is kept in memory of a withheld tensor while a release is read: samples, never the whole.

A target is one matrix: a withheld tensor, one expert of it, or a band of its rows. Beside it stands
the same sample of the public parent's tensor, where there is one: what that explains is no leak.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.release.leaks.matrices import (
    centred,
    equilibrated,
    magnitudes,
)
from paddock.release.leaks.numbers import Floats
from paddock.release.leaks.permuted import Sample, take_sample
from paddock.release.leaks.profiles import profiles

BLOCK_ROWS: Final = 8  # that are held against sums of released tensors
LEAST_VALUES: Final = 32  # fewer numbers, or fewer different ones, are no fingerprint
_FLAT: Final = 1e-6  # spread, relative to the size, below which a tensor is constant


@dataclass(frozen=True, slots=True)
class Probes:
    """Some rows of a matrix, or some of its columns, and the parent's."""

    signed: Floats
    sizes: Floats  # signs and scales forgotten
    parent: Floats | None
    parent_sizes: Floats | None


class Order(NamedTuple):
    """A sample of a matrix in one view, and the parent's at the same places."""

    mine: Sample
    public: Sample | None


@dataclass(frozen=True, slots=True)
class Target:
    """A withheld matrix, or a part of one."""

    item: str
    name: str  # with the part, for people
    shape: tuple[int, int]
    rows: Probes
    columns: Probes | None  # none of a vector
    orders: tuple[Order, ...]  # for the search through orders of rows and columns, by view
    block: Floats | None  # rows at the places that all matrices of this shape are sampled at
    block_parent: Floats | None

    @property
    def is_vector(self) -> bool:
        return self.shape[0] == 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose matrix it is, and how many probes it may have."""

    item: str
    name: str
    probes: int


def seed_of(*words: object) -> int:
    """The same draw for the same words, on any machine."""
    text = "\0".join(map(str, words)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")


def block_rows(shape: tuple[int, int]) -> NDArray[np.intp]:
    """At which rows every matrix of this shape is sampled."""
    draw = np.random.Generator(np.random.PCG64(seed_of("block", *shape)))
    return np.sort(draw.permutation(shape[0])[:BLOCK_ROWS])


def is_fingerprint(values: Floats) -> bool:
    """Whether numbers tell a tensor from others: not few, not all the same."""
    if values.size < LEAST_VALUES:
        return False
    sample = values.reshape(-1)[: 1 << 20]
    spread = float(sample.std())
    if not spread > _FLAT * max(float(np.abs(sample).max()), 1e-30):
        return False
    return np.unique(sample[: 1 << 12]).size >= 2


class Views(NamedTuple):
    """A matrix without its means, and without its signs and scales."""

    even: Floats
    sizes: Floats

    @property
    def turned(self) -> Views:
        return Views(self.even.T, self.sizes.T)


def make_target(origin: Origin, matrix: Floats, parent: Floats | None) -> Target:
    """The samples of one withheld matrix; ``matrix`` and ``parent`` are used up."""
    shape = matrix.shape[0], matrix.shape[1]
    seed = seed_of("probes", origin.name)
    mine = Views(sizes=sizes_of(matrix), even=centred(matrix))
    public = None if parent is None else Views(sizes=sizes_of(parent), even=centred(parent))
    rows = _probes(mine, public, origin.probes, seed)
    if shape[0] == 1:
        return Target(origin.item, origin.name, shape, rows, None, (), None, None)
    at = block_rows(shape)
    turned = None if public is None else public.turned
    return Target(
        item=origin.item,
        name=origin.name,
        shape=shape,
        rows=rows,
        columns=_probes(mine.turned, turned, origin.probes, seed),
        orders=tuple(
            _order(view(mine), None if public is None else view(public), seed) for view in VIEWS
        ),
        block=mine.even[at].copy(),
        block_parent=None if public is None else public.even[at].copy(),
    )


def _order(mine: Floats, public: Floats | None, seed: int) -> Order:
    """Which places are sampled, the profiles of the withheld matrix say, for both."""
    found = profiles(mine)
    theirs = None if public is None else take_sample(public, found, seed)
    return Order(take_sample(mine, found, seed), theirs)


# How two matrices are looked at when rows and columns are in another order; with words for people.
VIEWS: Final[tuple[Callable[[Views], Floats], ...]] = (
    lambda views: views.even,
    lambda views: views.sizes,
)
VIEW_WORDS: Final = ("", "with other signs and scales")


def sizes_of(matrix: Floats) -> Floats:
    """A matrix without signs and scales; one that has its means still."""
    return magnitudes(equilibrated(matrix) if len(matrix) > 1 else matrix)


def _probes(mine: Views, public: Views | None, count: int, seed: int) -> Probes:
    at = _places(mine.even, count, seed)
    return Probes(
        np.ascontiguousarray(mine.even[at]),
        np.ascontiguousarray(mine.sizes[at]),
        None if public is None else np.ascontiguousarray(public.even[at]),
        None if public is None else np.ascontiguousarray(public.sizes[at]),
    )


def _places(matrix: Floats, count: int, seed: int) -> NDArray[np.intp]:
    """Rows drawn among those that are not nearly empty."""
    squares = np.einsum("ij,ij->i", matrix, matrix)
    full = np.flatnonzero(squares > 1e-4 * np.median(squares))
    draw = np.random.Generator(np.random.PCG64(seed))
    return np.sort(draw.permutation(full)[:count])
