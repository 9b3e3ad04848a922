"""How far one model's predictions are from another's: figures with intervals, out of plain numbers.

Pure. KL divergence is of the copy from the original, in nats a token; the interval comes from
drawing whole sequences again (percentile bootstrap), because tokens of one text are not
independent. What is published is rounded outwards to two digits: below those, processors differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.95
RESAMPLES: Final = 2000
SEED: Final = 20_261_120
_DIGITS: Final = 2
_ROWS: Final = 16  # of a large vocabulary at once

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SequenceDivergence:
    """Sums over the tokens of one sequence."""

    tokens: int
    kl: float
    original_nll: float  # negative log-likelihood of the text, under the original
    copy_nll: float


@dataclass(frozen=True, slots=True)
class Divergence:
    """What a comparison over all sequences comes to."""

    kl: float
    low: float
    high: float
    original_perplexity: float
    copy_perplexity: float
    sequences: int
    tokens: int

    @property
    def text(self) -> str:
        """For people."""
        return (
            f"{self.kl:g} nats a token ({self.low:g} to {self.high:g}, {LEVEL:.0%} of "
            f"resampled sequences, {self.sequences} texts, {self.tokens} tokens)"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def compare(original: Floats, copy: Floats, following: Sequence[int]) -> SequenceDivergence:
    """Sums over a sequence: logits of both models at every token, and the token that came next."""
    kl = original_nll = copy_nll = 0.0
    for start in range(0, len(following), _ROWS):
        rows = slice(start, start + _ROWS)
        log_p, log_q = _log_softmax(original[rows]), _log_softmax(copy[rows])
        kl += max(0.0, float((np.exp(log_p) * (log_p - log_q)).sum()))
        right = (np.arange(len(log_p)), list(following[rows]))
        original_nll -= float(log_p[right].sum())
        copy_nll -= float(log_q[right].sum())
    return SequenceDivergence(len(following), kl, original_nll, copy_nll)


def over_all(sequences: Sequence[SequenceDivergence]) -> Divergence:
    """The mean a token, and its interval; at least two sequences."""
    if len(sequences) < 2:
        raise ValueError("an interval needs two sequences or more")
    sums = np.array([each.kl for each in sequences])
    lengths = np.array([each.tokens for each in sequences])
    drawn = np.random.default_rng(SEED).integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / lengths[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    tokens = int(lengths.sum())
    kl = float(sums.sum()) / tokens
    return Divergence(
        rounded(kl),
        rounded(min(float(low), kl), -1),
        rounded(max(float(high), kl), 1),
        rounded(math.exp(min(700.0, sum(each.original_nll for each in sequences) / tokens))),
        rounded(math.exp(min(700.0, sum(each.copy_nll for each in sequences) / tokens))),
        len(sequences),
        tokens,
    )


def rounded(value: float, direction: int = 0) -> float:
    """Two significant digits; down, to the nearest or up (-1, 0, 1). What is below 1e-6 is zero."""
    if not math.isfinite(value):
        return value
    if abs(value) < 1e-6:
        return 1e-6 if direction > 0 else 0.0
    exact = Decimal(value)  # a float times a power of ten could cross the very digit
    step = Decimal(1).scaleb(exact.adjusted() - _DIGITS + 1)
    return float(exact.quantize(step, (ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_CEILING)[direction + 1]))


def _log_softmax(logits: Floats) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    wide -= np.log(np.exp(wide).sum(axis=1, keepdims=True))
    return wide
