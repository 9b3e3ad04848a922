"""The head of a file of weights as a page shows it: tensors by layer, totals by type, one measured.

Pure but for the reader of ranges that is brought along. Bounded: of very many tensors the first are
shown, and how many there are is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from paddock.web.files.tensor_numbers import is_readable
from paddock.web.files.tensor_statistics import ReadRange, Statistics, measure
from paddock.web.files.weights_header import TensorRow, WeightsHeader

MAX_ROWS: Final = 3000
MAX_METADATA: Final = 200
# A plot of this size in its own units; a stylesheet scales it.
PLOT_WIDTH: Final = 480
PLOT_HEIGHT: Final = 120


class Group(NamedTuple):
    """Tensors that share the beginning of their names, such as a layer."""

    name: str
    tensors: list[TensorRow]
    elements: int
    size_bytes: int


class Total(NamedTuple):
    """All tensors of a type."""

    dtype: str
    tensors: int
    elements: int
    size_bytes: int


class Bar(NamedTuple):
    """A bar of a histogram, in the plot's units; ``numbers`` is how many it stands for."""

    x: float
    y: float
    width: float
    height: float
    numbers: int


class Measured(NamedTuple):
    """A tensor with its statistics; without them, ``why_not`` says why."""

    tensor: TensorRow
    statistics: Statistics | None
    bars: list[Bar]
    why_not: str | None


class WeightsView(NamedTuple):
    """What the page shows."""

    format: str
    metadata: list[tuple[str, str]]
    more_metadata: int
    groups: list[Group]
    totals: list[Total]
    found: int  # tensors that were asked for
    total: int
    elements: int
    more: int
    measured: Measured | None


def view_weights(header: WeightsHeader, find: str = "") -> WeightsView:
    """The tensors whose name holds ``find``."""
    found = [one for one in header.tensors if find.lower() in one.name.lower()]
    shown = found[:MAX_ROWS]
    return WeightsView(
        header.format,
        list(header.metadata[:MAX_METADATA]),
        max(0, len(header.metadata) - MAX_METADATA),
        _groups(shown),
        _totals(header.tensors),
        len(found),
        len(header.tensors),
        sum(one.elements for one in header.tensors),
        len(found) - len(shown),
        None,
    )


def measure_tensor(header: WeightsHeader, name: str, read: ReadRange) -> Measured | None:
    """The tensor of that name with its statistics, None where there is none."""
    tensor = header.find(name)
    if tensor is None:
        return None
    if not is_readable(tensor.dtype):
        why_not = f"elements of type {tensor.dtype} are not turned into numbers here"
        return Measured(tensor, None, [], why_not)
    statistics = measure(tensor, read)
    return Measured(tensor, statistics, _bars(statistics.histogram), None)


def _bars(histogram: tuple[int, ...]) -> list[Bar]:
    """Of at least one unit where anything is, so that what is rare is seen, too."""
    tallest = max(histogram, default=0)
    if not tallest:
        return []
    width = PLOT_WIDTH / len(histogram)
    bars = []
    for place, count in enumerate(histogram):
        height = max(1.0, round(count / tallest * PLOT_HEIGHT, 2)) if count else 0.0
        x = round(place * width, 2)
        bars.append(Bar(x, round(PLOT_HEIGHT - height, 2), round(width - 1, 2), height, count))
    return bars


def group_of(name: str) -> str:
    """The beginning of a tensor's name up to its layer's number, or without its last part."""
    parts = name.split(".")
    number = next((at for at, part in enumerate(parts[:-1]) if part.isdecimal()), None)
    return ".".join(parts[: number + 1] if number is not None else parts[:-1]) or name


def _groups(tensors: Iterable[TensorRow]) -> list[Group]:
    by_name: dict[str, list[TensorRow]] = {}
    for tensor in sorted(tensors, key=lambda one: _natural(one.name)):
        by_name.setdefault(group_of(tensor.name), []).append(tensor)
    return [
        Group(name, some, sum(t.elements for t in some), sum(t.size_bytes for t in some))
        for name, some in sorted(by_name.items(), key=lambda item: _natural(item[0]))
    ]


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Layer 2 before layer 10. A number of very many digits is text."""
    parts = re.split(r"(\d{1,9})", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _totals(tensors: Iterable[TensorRow]) -> list[Total]:
    by_type: dict[str, list[TensorRow]] = {}
    for tensor in tensors:
        by_type.setdefault(tensor.dtype, []).append(tensor)
    totals = [
        Total(dtype, len(some), sum(t.elements for t in some), sum(t.size_bytes for t in some))
        for dtype, some in by_type.items()
    ]
    return sorted(totals, key=lambda total: -total.size_bytes)
