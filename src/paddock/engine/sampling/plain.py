"""One row after another in NumPy: what the sampler does where it has no kernel, and its reference.

Knows one row of logits and how its token is wanted; see ``sampler`` for the order and the meanings.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from paddock.engine.request import Sampling, TokenLogprob
from paddock.engine.sampling.edits import IMPOSSIBLE, Logits, edit, has_edits
from paddock.engine.sampling.philox import gumbel, token_words
from paddock.engine.step import Row


def choose_token(logits_V: Logits, row: Row) -> TokenLogprob | None:
    """The token of one row; None where there is no number, or nothing is allowed."""
    if not bool(np.all(logits_V < np.inf)) or float(logits_V.max()) == -np.inf:
        return None
    if row.score is not None:
        token_id = row.score
    else:
        adjusted_V = adjusted(logits_V, row)
        largest = float(adjusted_V.max())
        if largest == -np.inf:
            return None
        if row.sampling.temperature == 0:
            token_id = int(adjusted_V.argmax())
        else:
            token_id = _draw(adjusted_V, largest, row)
    if row.logprobs is None and row.score is None:
        return TokenLogprob(token_id, math.nan)
    normaliser = log_sum_exp(logits_V)
    top = likeliest(logits_V, _candidates(logits_V, row.logprobs), row.logprobs or 0, normaliser)
    return TokenLogprob(token_id, float(logits_V[token_id]) - normaliser, top)


def adjusted(logits_V: Logits, row: Row) -> Logits:
    """The logits that the token is chosen by."""
    if row.mask_V is None and not has_edits(row):
        return logits_V
    adjusted_V = logits_V.copy()
    if row.mask_V is not None:
        bits = np.unpackbits(row.mask_V.view(np.uint8), bitorder="little", count=len(logits_V))
        adjusted_V[bits == 0] = IMPOSSIBLE
    edit(adjusted_V, row)
    return adjusted_V


def _draw(adjusted_V: Logits, largest: float, row: Row) -> int:
    """Of the tokens that pass the filters, the one whose scaled logit and noise sum highest."""
    sampling = row.sampling
    ids = np.flatnonzero(adjusted_V > -np.inf)
    scaled = (adjusted_V[ids].astype(np.float64) - largest) / sampling.temperature
    kept = scaled >= threshold(scaled, sampling)
    ids, scaled = ids[kept], scaled[kept]
    scores = scaled + gumbel(token_words(sampling.seed, row.position, ids))
    return int(ids[scores.argmax()])


def threshold(scaled: NDArray[np.float64], sampling: Sampling) -> float:
    """What a scaled logit must reach to pass top-k, top-p and min-p; the largest is 0."""
    least = -math.inf
    if 0 < sampling.top_k < len(scaled):
        least = float(np.partition(scaled, -sampling.top_k)[-sampling.top_k])
    if sampling.top_p < 1:
        descending = np.sort(scaled[scaled >= least])[::-1]
        mass = np.cumsum(np.exp(descending))
        enough = np.searchsorted(mass, sampling.top_p * mass[-1])
        least = float(descending[min(int(enough), len(mass) - 1)])
    return max(least, math.log(sampling.min_p)) if sampling.min_p else least


def log_sum_exp(logits_V: Logits) -> float:
    """What the natural logarithm of a token's chance is less than its logit."""
    largest = float(logits_V.max())
    return largest + math.log(float(np.exp(logits_V.astype(np.float64) - largest).sum()))


def likeliest(
    logits_V: Logits, ids: NDArray[np.int64], count: int, normaliser: float
) -> tuple[tuple[int, float], ...]:
    """The likeliest of these tokens, equals by their ids; impossible ones are left out."""
    ids = ids[logits_V[ids] > -np.inf]
    ids = ids[np.lexsort((ids, -logits_V[ids]))][:count]
    return tuple((int(n), float(logits_V[n]) - normaliser) for n in ids)


def _candidates(logits_V: Logits, count: int | None) -> NDArray[np.int64]:
    """The tokens whose logits are among the largest ``count``."""
    count = min(count or 0, len(logits_V))
    if not count:
        return np.empty(0, np.int64)
    return np.flatnonzero(logits_V >= np.partition(logits_V, -count)[-count])
