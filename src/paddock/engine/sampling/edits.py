"""What a request changes in logits before a token is chosen: forbidden tokens, bias, penalties.

Touches only the tokens that are named or were seen. In float32, each operation rounded by itself;
a result above the largest float32 becomes the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.engine.step import Row

Logits = NDArray[np.float32]

IMPOSSIBLE: Final = np.float32(-np.inf)
_LARGEST: Final = np.finfo(np.float32).max


def has_edits(row: Row) -> bool:
    """Whether ``edit`` would change anything."""
    wanted = row.sampling
    return bool(
        row.forbidden
        or wanted.logit_bias
        or wanted.repetition_penalty != 1
        or wanted.frequency_penalty
        or wanted.presence_penalty
    )


def edit(logits_V: Logits, row: Row) -> None:
    """Forbid, bias and penalise in place, in the order that ``sampler`` tells."""
    sampling = row.sampling
    if row.forbidden:
        logits_V[list(row.forbidden)] = IMPOSSIBLE
    with np.errstate(over="ignore"):
        if sampling.logit_bias:
            biased = np.fromiter(sampling.logit_bias, np.int64)
            bias = np.fromiter(sampling.logit_bias.values(), np.float32)
            logits_V[biased] = np.minimum(logits_V[biased] + bias, _LARGEST)
        if sampling.repetition_penalty != 1:
            _repeat(logits_V, row)
        if sampling.frequency_penalty or sampling.presence_penalty:
            seen, counts = np.unique(_ids(row.output), return_counts=True)
            values = logits_V[seen]
            values -= np.float32(sampling.frequency_penalty) * counts.astype(np.float32)
            values -= np.float32(sampling.presence_penalty)
            logits_V[seen] = np.minimum(values, _LARGEST)


def _repeat(logits_V: Logits, row: Row) -> None:
    seen = np.unique(np.concatenate([_ids(row.prompt), _ids(row.output)]))
    values, penalty = logits_V[seen], np.float32(row.sampling.repetition_penalty)
    values = np.where(values > 0, values / penalty, values * penalty)
    logits_V[seen] = np.minimum(values, _LARGEST)


def _ids(tokens: Sequence[int]) -> NDArray[np.int64]:
    return np.asarray(tokens, np.int64)
