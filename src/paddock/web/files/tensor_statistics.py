"""What the numbers of a tensor look like: extremes, mean, spread, what is zero or no number.

Reads ranges of a file, bounded: of a large tensor, runs of elements that are spread evenly over it,
and the answer says of how many. NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from paddock.web.files.tensor_numbers import Numbers, block_of, to_numbers
from paddock.web.files.weights_header import TensorRow

MAX_ELEMENTS: Final = 1 << 22
BINS: Final = 48
_RUNS: Final = 64  # of a tensor that is not looked at whole

# Bytes [start, end) of the file.
ReadRange = Callable[[int, int], Iterator[bytes]]


class Statistics(NamedTuple):
    """Of the elements that were looked at; without a finite one, the numbers are None."""

    elements: int
    looked_at: int
    zeros: int
    nans: int
    infinities: int
    least: float | None
    largest: float | None
    mean: float | None
    deviation: float | None
    histogram: tuple[int, ...]  # of the finite ones, from the least to the largest

    @property
    def is_sample(self) -> bool:
        return self.looked_at < self.elements


def measure(tensor: TensorRow, read: ReadRange, max_elements: int = MAX_ELEMENTS) -> Statistics:
    """The statistics of a tensor whose type is readable."""
    numbers = np.concatenate(list(_parts(tensor, read, max_elements)) or [np.zeros(0)])
    finite = numbers[np.isfinite(numbers)]
    nans = int(np.isnan(numbers).sum())
    histogram: tuple[int, ...] = ()
    least = largest = mean = deviation = None
    if finite.size:
        least, largest = float(finite.min()), float(finite.max())
        mean, deviation = _moments(finite)
        histogram = _histogram(finite, least, largest)
    return Statistics(
        elements=tensor.elements,
        looked_at=numbers.size,
        zeros=int((finite == 0).sum()),
        nans=nans,
        infinities=numbers.size - finite.size - nans,
        least=least,
        largest=largest,
        mean=mean,
        deviation=deviation,
        histogram=histogram,
    )


def _moments(finite: Numbers) -> tuple[float, float]:
    """Mean and standard deviation; of numbers whose squares are too large, infinite."""
    wide = finite.astype(np.float64)
    with np.errstate(all="ignore"):
        return float(wide.mean()), float(wide.std())


def _histogram(finite: Numbers, least: float, largest: float) -> tuple[int, ...]:
    """How many are in each part of the range; in the middle one where all are equal."""
    counts = np.zeros(BINS, np.int64)
    # Halves, as the whole range of large numbers may be none.
    width = largest / 2 - least / 2
    if not width > 0:
        counts[BINS // 2] = finite.size
        return tuple(counts.tolist())
    places = (finite.astype(np.float64) / 2 - least / 2) / width * BINS
    places = np.minimum(places.astype(np.int64), BINS - 1)
    return tuple(np.bincount(places, minlength=BINS).tolist())


def _parts(tensor: TensorRow, read: ReadRange, max_elements: int) -> Iterator[Numbers]:
    block = block_of(tensor.dtype)
    blocks, most = tensor.size_bytes // block.size_bytes, max_elements // block.elements
    for first, count in _runs(blocks, most):
        start = tensor.start + first * block.size_bytes
        raw = b"".join(read(start, start + count * block.size_bytes))
        yield to_numbers(raw, tensor.dtype)


def _runs(blocks: int, most: int) -> list[tuple[int, int]]:
    """Where to read, and how much."""
    if blocks <= most:
        return [(0, blocks)] if blocks else []
    each = max(1, most // _RUNS)
    last = blocks - each
    return [(last * run // (_RUNS - 1), each) for run in range(_RUNS)]
