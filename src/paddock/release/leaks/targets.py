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

from paddock.release.leaks.numbers import Floats
from paddock.release.leaks.order_screening import Lines, coordinates_of, lines_of
from paddock.release.leaks.permuted import SAMPLE, Sample, take_sample
from paddock.release.leaks.places import scattered, wide
from paddock.release.leaks.profiles import around_median, profiles, row_profiles
from paddock.release.leaks.views import centred, lengths, magnitudes, unlike

BLOCK_ROWS: Final = 8  # that are held against sums of released tensors
BLOCK_COLUMNS: Final = 1024  # of these rows
# Noise that tells which features of a row's profile are steady, and in how many rows it is tried.
DISTURBANCE, DISTURBED_ELEMENTS, LEAST_DISTURBED = 0.15, 1 << 20, 64
ALIKE: Final = 0.9  # correlation of rows of one matrix
BEYOND_CHANCE: Final = 4.0  # spreads of a mean
LEAST_VALUES: Final = 32  # fewer numbers, or fewer different ones, are no fingerprint
_FLAT: Final = 1e-6  # spread, relative to the size, below which a tensor is constant


@dataclass(frozen=True, slots=True)
class Probes:
    """Some rows of a matrix, or some of its columns, and the parent's, at the wide places."""

    signed: Floats
    sizes: Floats  # signs and scales forgotten
    parent: Floats | None
    parent_sizes: Floats | None


class Order(NamedTuple):
    """A sample of a matrix in one view, and the parent's at the same places."""

    mine: Sample
    public: Sample | None
    rows: Lines
    columns: Lines


@dataclass(frozen=True, slots=True)
class Target:
    """A withheld matrix, or a part of one."""

    item: str
    name: str  # with the part, for people
    shape: tuple[int, int]
    rows: Probes
    columns: Probes | None  # none of a vector
    whole: Probes | None  # a vector at all its places
    orders: tuple[Order, ...]  # for the search through orders of rows and columns, by view
    block: Floats | None  # at the places that all matrices of this shape are sampled at
    block_parent: Floats | None

    @property
    def is_vector(self) -> bool:
        return self.shape[0] == 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose matrix it is, and how much of it may be kept."""

    item: str
    name: str
    probes: int
    sample: int = SAMPLE  # rows and columns for the search through orders


def seed_of(*words: object) -> int:
    """The same draw for the same words, on any machine."""
    text = "\0".join(map(str, words)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")


def block_rows(shape: tuple[int, int]) -> NDArray[np.intp]:
    """At which rows every matrix of this shape is sampled."""
    draw = np.random.Generator(np.random.PCG64(seed_of("block", *shape)))
    return np.sort(draw.permutation(shape[0])[:BLOCK_ROWS])


def block_columns(shape: tuple[int, int]) -> NDArray[np.intp]:
    """And at which columns."""
    draw = np.random.Generator(np.random.PCG64(seed_of("columns", *shape)))
    return np.sort(draw.permutation(shape[1])[:BLOCK_COLUMNS])


def sum_block(matrix: Floats, shape: tuple[int, int]) -> Floats:
    """Of a matrix of this shape what sums are looked for in: sums have the sum of these."""
    return without_means(matrix[np.ix_(block_rows(shape), block_columns(shape))])


def without_means(block: Floats) -> Floats:
    """A block less its own means, which are linear, too."""
    return centred(block)


def is_fingerprint(values: Floats) -> bool:
    """Whether numbers tell a tensor from others: not few, not all the same."""
    if values.size < LEAST_VALUES:
        return False
    sample = values.reshape(-1)[: 1 << 18]
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


def views_of(matrix: Floats) -> Views:
    """Both views; ``matrix`` is used up."""
    sizes = magnitudes(matrix)
    return Views(centred(matrix), sizes)


def views_of_some(rows: Floats) -> Views:
    """The same of a few rows of a matrix: means of columns count where they are beyond chance."""
    sizes = magnitudes(rows)
    rows -= rows.mean(axis=1, keepdims=True)
    means = rows.mean(axis=0)
    chance = lengths(rows, 1) / np.float32(len(rows))
    rows -= np.where(np.abs(means) > BEYOND_CHANCE * chance, means, np.float32(0))
    return Views(rows, sizes)


def make_target(origin: Origin, matrix: Floats, parent: Floats | None) -> Target:
    """The samples of one withheld matrix; ``matrix`` and ``parent`` are used up."""
    shape = matrix.shape[0], matrix.shape[1]
    seed = seed_of("probes", origin.name)
    blocks = [None if each is None else sum_block(each, shape) for each in (matrix, parent)]
    coordinates = _coordinates(matrix, seed)
    mine = views_of(matrix)
    public = None if parent is None else views_of(parent)
    rows = _probes(mine, public, origin.probes, (seed, wide(shape[1])))
    if shape[0] == 1:
        whole = _probes(mine, public, 1, (seed, np.arange(shape[1])))
        return Target(origin.item, origin.name, shape, rows, None, whole, (), None, None)
    turned = None if public is None else public.turned
    return Target(
        item=origin.item,
        name=origin.name,
        shape=shape,
        rows=rows,
        columns=_probes(mine.turned, turned, origin.probes, (seed, wide(shape[0]))),
        whole=None,
        orders=tuple(
            _order(view(mine), None if public is None else view(public), (origin, turning))
            for view, turning in zip(VIEWS, coordinates, strict=True)
        ),
        block=blocks[0],
        block_parent=blocks[1],
    )


def _order(mine: Floats, public: Floats | None, about: tuple[Origin, NDArray[np.float32]]) -> Order:
    """Which places are sampled, the profiles of the withheld matrix say, for both."""
    origin, coordinates = about
    seed = seed_of("probes", origin.name)
    found = profiles(mine)
    theirs = None if public is None else take_sample(public, found, seed, origin.sample)
    lines = (lines_of(around_median(each), coordinates) for each in (found.rows, found.columns))
    return Order(take_sample(mine, found, seed, origin.sample), theirs, *lines)


def _coordinates(matrix: Floats, seed: int) -> list[NDArray[np.float32]]:
    """For each view, in which coordinates noise disturbs the profiles of rows alike."""
    p, q = matrix.shape
    some = matrix[scattered(p, max(LEAST_DISTURBED, DISTURBED_ELEMENTS // q))]
    draw = np.random.Generator(np.random.PCG64(seed))
    noise = draw.standard_normal(some.shape, np.float32)
    noise *= np.float32(DISTURBANCE * float(some.std()))
    before, after = views_of(some.copy()), views_of(some + noise)
    return [
        coordinates_of(around_median(row_profiles(one)), around_median(row_profiles(other)))
        for one, other in zip(before, after, strict=True)
    ]


# How two matrices are looked at when rows and columns are in another order; with words for people.
VIEWS: Final[tuple[Callable[[Views], Floats], ...]] = (
    lambda views: views.even,
    lambda views: views.sizes,
)
VIEW_WORDS: Final = ("", "with other signs and scales")


def _probes(
    mine: Views, public: Views | None, count: int, where: tuple[int, NDArray[np.intp]]
) -> Probes:
    seed, places = where
    at = np.ix_(_places(mine.even, count, seed), places)
    return Probes(
        _rows_of(mine.even, at),
        _rows_of(mine.sizes, at),
        None if public is None else _rows_of(public.even, at),
        None if public is None else _rows_of(public.sizes, at),
    )


def _rows_of(matrix: Floats, at: tuple[NDArray[np.intp], ...]) -> Floats:
    """What stands there, each row without its mean."""
    rows = matrix[at]
    return np.ascontiguousarray(rows - rows.mean(axis=1, keepdims=True))


def _places(matrix: Floats, count: int, seed: int) -> NDArray[np.intp]:
    """Rows drawn among those that are not nearly empty, no two of them alike."""
    squares = np.einsum("ij,ij->i", matrix, matrix)
    full = np.flatnonzero(squares > 1e-4 * np.median(squares))
    draw = np.random.Generator(np.random.PCG64(seed))
    drawn = draw.permutation(full)[: 2 * count]
    return np.sort(drawn[unlike(matrix[drawn], ALIKE)][:count])
