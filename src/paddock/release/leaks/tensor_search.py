"""A released tensor against every withheld one: runs, rows, orders, and sums of several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from paddock.checkpoint.gguf.ggml_types import GGML_TYPES
from paddock.release.leaks.aligned import Match, compare
from paddock.release.leaks.combinations import Combinations
from paddock.release.leaks.matrices import centred, matrices
from paddock.release.leaks.null import in_words
from paddock.release.leaks.numbers import (
    INTEGERS,
    Floats,
    Reading,
    is_readable,
    lower_halves,
    other_readings,
)
from paddock.release.leaks.packed import packed_readings
from paddock.release.leaks.permuted import Alignment, align
from paddock.release.leaks.profiles import Profiles, profiles
from paddock.release.leaks.released import ReleasedTensor
from paddock.release.leaks.report import Finding, Unread
from paddock.release.leaks.runs import RunIndex
from paddock.release.leaks.targets import (
    VIEW_WORDS,
    VIEWS,
    Order,
    Target,
    Views,
    is_fingerprint,
    sizes_of,
)
from paddock.release.leaks.withheld_content import Owner

# Comparisons for which all bounds hold: released matrices, times withheld ones, times views.
COMPARISONS: Final = 1e8
RUN_ELEMENTS: Final = 1 << 21  # of a matrix that are searched for runs
MAX_RAW_BYTES: Final = 1 << 20  # of a tensor that are read in other ways
NOISE_BITS: Final = 7.9  # of a byte: plain floats have 7.5 at most, codes of four bits 7.7
LEAST_NOISE_BYTES: Final = 8192
_IN_BLOCKS: Final = frozenset(g.name for g in GGML_TYPES.values() if g.elements > 1)
_STATE: Final = re.compile(r"exp_avg|momentum|optimi[sz]er|\bema\b|moment|grad|master|fp32_param")


class FoundTensor(NamedTuple):
    """A finding, and whose content it is."""

    owner: tuple[str, str]
    finding: Finding


@dataclass(slots=True)
class TensorSearch:
    """All withheld tensors, held against one released tensor after the other."""

    targets: Sequence[Target]
    owners: Sequence[Owner]
    runs: RunIndex
    combinations: Combinations
    sides: frozenset[int] = field(init=False)
    unread: list[Unread] = field(default_factory=list)

    def __post_init__(self) -> None:
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
        if tensor.dtype not in _IN_BLOCKS and is_noise(raw):
            reason = f"a tensor of type {tensor.dtype} whose bytes are like noise, or encrypted"
            self.unread.append(Unread(f"{path}:{tensor.name}", reason))
        yield from self._in_other_readings(path, tensor, raw)
        for matrix in matrices(tensor):
            place = f"{tensor.name} {matrix.part}".strip()
            yield from self._in_matrix(path, place, matrix.values)

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

    def _in_matrix(self, path: str, place: str, values: Floats) -> Iterator[FoundTensor]:
        if not is_fingerprint(values):
            return  # a stub
        yield from self._in_runs(path, place, _run_sample(values))
        p, q = values.shape
        fitting = [t for t in self.targets if {p, q} & {side for side in t.shape if side > 1}]
        if not fitting and not self.combinations.wants(p, q):
            return
        sizes = sizes_of(values) if fitting else values
        matrix = centred(values)
        self.combinations.add(f"{path}:{place}", matrix)
        if not fitting:
            return
        seen: set[str] = set()
        for match in compare(fitting, matrix, sizes, COMPARISONS):
            target = match.target
            if target.name not in seen:
                seen.add(target.name)
                yield _of_match(path, place, match)
        if min(p, q) < 2:
            return
        rest = [t for t in fitting if t.name not in seen and not t.is_vector]
        yield from self._in_order(path, place, Views(matrix, sizes), rest)

    def _in_order(
        self, path: str, place: str, views: Views, targets: Sequence[Target]
    ) -> Iterator[FoundTensor]:
        """Rows and columns both in another order."""
        if not targets:
            return
        left = list(targets)
        for number, (view, words) in enumerate(zip(VIEWS, VIEW_WORDS, strict=True)):
            matrix = view(views)
            found = profiles(matrix)
            for target in tuple(left):
                best = _best(target.orders[number], matrix, found)
                if best is None:
                    continue
                left.remove(target)
                yield _of_order(path, place, (target, best, words))


def _best(order: Order, matrix: Floats, found: Profiles) -> Alignment | None:
    """The alignment, unless the public parent's is as good."""
    mine = align(order.mine, matrix, found, COMPARISONS)
    if mine is None or order.public is None:
        return mine
    public = align(order.public, matrix, found, COMPARISONS)
    return mine if public is None or public.correlation < mine.correlation else None


def _of_order(path: str, place: str, what: tuple[Target, Alignment, str]) -> FoundTensor:
    target, best, words = what
    disguise = "rows and columns in another order"
    measured = (
        f"{best.share:.2f} of the rows found, correlation {best.correlation:.3f}, "
        f"{in_words(best.log_chance)}"
    )
    disguise = f"{disguise}, {words}" if words else disguise
    finding = Finding(target.item, target.name, path, place, disguise, measured)
    return FoundTensor((target.item, target.name), finding)


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


def _run_sample(values: Floats) -> Floats:
    """Rows from everywhere, up to a bound; whole rows, one after the other."""
    p, q = values.shape
    count = max(1, RUN_ELEMENTS // q)
    if p <= count:
        return values.reshape(-1)
    groups = min(64, count)
    each = max(1, count // groups)
    starts = np.linspace(0, p - each, groups).astype(int)
    return np.concatenate([values[start : start + each].reshape(-1) for start in starts])


def _of_match(path: str, place: str, match: Match) -> FoundTensor:
    target = match.target
    words = [
        "the same rows" if match.axis == "rows" else "the same columns",
        "" if match.axis == match.found_in else "transposed",
        "" if match.signed else "with other signs",
        "shifted by something of low rank" if match.low_rank else "cast, scaled or quantised",
    ]
    if target.is_vector:
        words[0] = "the same vector"
    measured = (
        f"{match.share:.2f} of the probes found, correlation {match.correlation:.3f}, "
        f"{in_words(match.log_chance)}"
    )
    disguise = ", ".join(word for word in words if word)
    finding = Finding(target.item, target.name, path, place, disguise, measured)
    return FoundTensor((target.item, target.name), finding)
