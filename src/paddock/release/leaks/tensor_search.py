"""A released tensor against every withheld one: runs, rows, orders, and sums of several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from paddock.checkpoint.gguf.ggml_types import GGML_TYPES
from paddock.release.leaks.aligned import compare
from paddock.release.leaks.combinations import Combinations
from paddock.release.leaks.found import FoundTensor, of_match, of_order
from paddock.release.leaks.matrices import Matrix, matrices
from paddock.release.leaks.null import in_words
from paddock.release.leaks.numbers import (
    INTEGERS,
    Floats,
    Reading,
    is_readable,
    lower_halves,
    other_readings,
)
from paddock.release.leaks.order_screening import is_likely
from paddock.release.leaks.packed import packed_readings
from paddock.release.leaks.permuted import LEAST_SIDE, Alignment, align
from paddock.release.leaks.places import NARROW, spread_rows
from paddock.release.leaks.profiles import Profiles, around_median, profiles, row_profiles
from paddock.release.leaks.released import ReleasedTensor
from paddock.release.leaks.report import Finding, Unread
from paddock.release.leaks.runs import RunIndex
from paddock.release.leaks.screening import LEAST_ELEMENTS, Screen, screen_of
from paddock.release.leaks.targets import (
    VIEW_WORDS,
    VIEWS,
    Order,
    Target,
    is_fingerprint,
    views_of,
    views_of_some,
)
from paddock.release.leaks.withheld_content import Owner

# Comparisons for which all bounds hold: released matrices, times withheld ones, times views.
COMPARISONS: Final = 1e8
ALL_SEARCHED: Final = 1 << 14  # numbers of a matrix that is searched whatever its profiles are
LIKELY, LIKELY_LARGE = -2.5, -6.0  # logarithms of chances, for a search through orders
MAX_RAW_BYTES: Final = 1 << 20  # of a tensor that are read in other ways
NOISE_BYTES: Final = 1 << 18  # of these that are held against noise
NOISE_BITS: Final = 7.9  # of a byte: plain floats have 7.5 at most, codes of four bits 7.7
LEAST_NOISE_BYTES: Final = 8192
_IN_BLOCKS: Final = frozenset(g.name for g in GGML_TYPES.values() if g.elements > 1)
_STATE: Final = re.compile(r"exp_avg|momentum|optimi[sz]er|\bema\b|moment|grad|master|fp32_param")


@dataclass(slots=True)
class TensorSearch:
    """All withheld tensors, held against one released tensor after the other."""

    targets: Sequence[Target]
    owners: Sequence[Owner]
    runs: RunIndex
    combinations: Combinations
    sides: frozenset[int] = field(init=False)
    unread: list[Unread] = field(default_factory=list)
    screen: Screen = field(init=False)

    def __post_init__(self) -> None:
        self.screen = screen_of(self.targets)
        self.sides = frozenset(side for target in self.targets for side in target.shape if side > 1)

    def look(self, path: str, tensor: ReleasedTensor) -> Iterator[FoundTensor]:
        """Every withheld tensor that is in this one; raises BadCheckpoint."""
        if not self.targets or not tensor.elements:
            return
        yield from self._by_name(path, tensor)
        if not is_readable(tensor.dtype):
            place = f"{path}:{tensor.name}"
            self.unread.append(Unread(place, f"numbers of type {tensor.dtype} are not read"))
            return
        raw = _beginning(tensor)
        if tensor.dtype not in _IN_BLOCKS and is_noise(raw[:NOISE_BYTES]):
            reason = f"a tensor of type {tensor.dtype} whose bytes are like noise, or encrypted"
            self.unread.append(Unread(f"{path}:{tensor.name}", reason))
        yield from self._in_other_readings(path, tensor, raw)
        for matrix in matrices(tensor):
            yield from self._in_matrix(path, matrix, tensor.name)

    def take_unread(self) -> list[Unread]:
        """What could not be looked into since the last time."""
        unread, self.unread = self.unread, []
        return unread

    def sums(self) -> Iterator[FoundTensor]:
        """Withheld tensors that released ones give together."""
        for found in self.combinations.sums(self.targets):
            target, names = found.target, " and ".join(found.summands)
            path, _, place = names.partition(":")
            how = "a sum of tensors", f"which explain {found.explained:.3f} of it"
            finding = Finding(target.item, target.name, path, place, *how)
            yield FoundTensor((target.item, target.name), finding)

    def _by_name(self, path: str, tensor: ReleasedTensor) -> Iterator[FoundTensor]:
        """A state of the optimiser has no likeness to its tensor but the name."""
        if not _STATE.search(tensor.name):
            return
        for target in self.targets:
            if target.name in tensor.name:
                how = "the state that training kept of it", "by its name"
                finding = Finding(target.item, target.name, path, tensor.name, *how)
                yield FoundTensor((target.item, target.name), finding)

    def _in_other_readings(
        self, path: str, tensor: ReleasedTensor, raw: bytes
    ) -> Iterator[FoundTensor]:
        """Integers may be packed codes, or bytes of another type; floats may carry other floats."""
        readings: list[Reading] = []
        if tensor.dtype in INTEGERS:
            readings = [*other_readings(raw), *packed_readings(raw, tensor)]
        elif tensor.dtype in ("F32", "F64"):
            readings = lower_halves(raw, tensor.dtype)
        for reading in readings:
            yield from self._in_runs(path, f"{tensor.name}, as {reading.name}", reading.values)

    def _in_runs(self, path: str, place: str, values: Floats) -> Iterator[FoundTensor]:
        for run in self.runs.look(values):
            owner = self.owners[run.owner]
            how = (
                "its numbers in a row, whatever their type, scale and shape",
                f"signs agree by {run.agreement:.3f} at {run.times} places, "
                f"{in_words(run.log_chance)}",
            )
            finding = Finding(owner.item, owner.name, path, place, *how)
            yield FoundTensor((owner.item, owner.name), finding)

    def _in_matrix(self, path: str, matrix: Matrix, name: str) -> Iterator[FoundTensor]:
        place = f"{name} {matrix.part}".strip()
        p, q = matrix.shape
        spread = matrix.rows(spread_rows(p, q))
        if not is_fingerprint(spread):
            return  # a stub
        yield from self._in_runs(path, place, spread.reshape(-1))
        if self.combinations.wants(p, q):
            self.combinations.add(f"{path}:{place}", matrix)
        fitting = [t for t in self.targets if {p, q} & {side for side in t.shape if side > 1}]
        if not fitting:
            return
        seen: set[str] = set()
        for match in compare(self._candidates(matrix, fitting), matrix, COMPARISONS):
            target = match.target
            if target.name not in seen:
                seen.add(target.name)
                yield of_match(path, place, match)
        if min(p, q) < 2:
            return
        rest = [t for t in fitting if t.name not in seen and not t.is_vector]
        yield from _in_order(path, place, matrix, list(_likely(rest, spread, matrix)))

    def _candidates(self, matrix: Matrix, fitting: Sequence[Target]) -> Sequence[Target]:
        """Those that a comparison is worth while for."""
        p, q = matrix.shape
        if p * q < LEAST_ELEMENTS or min(p, q) < NARROW:
            return fitting
        wanted = self.screen.candidates(matrix)
        return [target for number, target in enumerate(self.targets) if number in wanted]


def _likely(targets: Sequence[Target], spread: Floats, matrix: Matrix) -> Iterator[Target]:
    """Those that a search through orders is worth while for; ``spread`` is used up."""
    p, q = matrix.shape
    targets = [t for t in targets if q in t.shape and min(p, q) >= LEAST_SIDE]
    if not targets or p * q <= ALL_SEARCHED:
        yield from targets
        return
    # A search takes longer in a large matrix: fewer are made.
    least = LIKELY if len(spread) == p else LIKELY_LARGE
    views = views_of(spread) if len(spread) == p else views_of_some(spread)
    mine = [around_median(row_profiles(values)) for values in views]
    for target in targets:
        m, n = target.shape
        if any(
            is_likely(lines, profiles, least)
            for order, profiles in zip(target.orders, mine, strict=True)
            for length, lines in ((n, order.rows), (m, order.columns))
            if length == q
        ):
            yield target


def _in_order(
    path: str, place: str, matrix: Matrix, targets: list[Target]
) -> Iterator[FoundTensor]:
    """Rows and columns both in another order."""
    if not targets:
        return
    views = views_of(matrix.values())
    for number, (view, words) in enumerate(zip(VIEWS, VIEW_WORDS, strict=True)):
        values = view(views)
        found = profiles(values)
        for target in tuple(targets):
            best = _best(target.orders[number], values, found)
            if best is not None:
                targets.remove(target)
                yield of_order(path, place, (target, best, words))


def _best(order: Order, matrix: Floats, found: Profiles) -> Alignment | None:
    """The alignment, unless the public parent's is as good."""
    mine = align(order.mine, matrix, found, COMPARISONS)
    if mine is None or order.public is None:
        return mine
    public = align(order.public, matrix, found, COMPARISONS)
    return mine if public is None or public.correlation < mine.correlation else None


def _beginning(tensor: ReleasedTensor) -> bytes:
    raw = bytearray()
    for piece in tensor.pieces():
        raw += piece
        if len(raw) >= MAX_RAW_BYTES:
            break
    return bytes(raw[:MAX_RAW_BYTES])


def is_noise(raw: bytes) -> bool:
    """Whether bytes are as even as encryption makes them; weights of no plain type are."""
    if len(raw) < LEAST_NOISE_BYTES:
        return False
    counts = np.bincount(np.frombuffer(raw, np.uint8))
    shares = counts[counts > 0] / len(raw)
    return -float((shares * np.log2(shares)).sum()) > NOISE_BITS
