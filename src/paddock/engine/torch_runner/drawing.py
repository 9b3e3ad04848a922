"""Tokens of plainly sampled rows, drawn where the logits are; the others on the CPU.

What ``engine.sampling.sampler`` says, with the same noise, for many rows at once: temperature,
top-k, top-p and min-p. A row with a grammar, penalties, bias, forbidden tokens or logarithms goes
to the sampler itself. The numbers of all drawn tokens leave the device in one copy.
R rows, V vocabulary, C counters of four tokens each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from paddock.engine.request import TokenLogprob
from paddock.engine.sampling.philox import KEY_STEPS, MULTIPLIERS, ROUNDS
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import Row

_NOTHING: Final = -1
_LOW: Final = 0xFFFFFFFF
_NUMBERS_AT_ONCE: Final = 1 << 23  # logits whose float64 copies are held


def choose_where_logits_are(logits_RV: Tensor, rows: Sequence[Row]) -> list[TokenLogprob | None]:
    """The token of each row; None where a logit is NaN or +inf, or nothing is allowed."""
    chosen: list[TokenLogprob | None] = [None] * len(rows)
    plain = [n for n, row in enumerate(rows) if is_plain(row)]
    others = [n for n, row in enumerate(rows) if not is_plain(row)]
    drawn = draw(logits_RV[plain].float(), [rows[n] for n in plain]) if plain else None
    if others:
        host_RV = logits_RV[others].float().cpu().numpy()
        for n, token in zip(others, choose(host_RV, [rows[n] for n in others]), strict=True):
            chosen[n] = token
    if drawn is not None:
        for n, token_id in zip(plain, drawn.tolist(), strict=True):
            chosen[n] = None if token_id == _NOTHING else TokenLogprob(token_id, math.nan)
    return chosen


def is_plain(row: Row) -> bool:
    """Whether a row needs nothing but its logits, filters and noise."""
    sampling = row.sampling
    return (
        row.mask_V is None
        and row.logprobs is None
        and row.score is None
        and not row.forbidden
        and not sampling.logit_bias
        and sampling.repetition_penalty == 1
        and sampling.presence_penalty == sampling.frequency_penalty == 0
    )


def draw(logits_RV: Tensor, rows: Sequence[Row]) -> Tensor:
    """Token ids, -1 where there is none, on the device of the float32 logits."""
    fine_R = (logits_RV < math.inf).all(1) & (logits_RV > -math.inf).any(1)
    chosen_R = logits_RV.argmax(1)
    warm = [n for n, row in enumerate(rows) if row.sampling.temperature > 0]
    at_once = max(1, _NUMBERS_AT_ONCE // logits_RV.shape[1])
    for first in range(0, len(warm), at_once):
        part = warm[first : first + at_once]
        chosen_R[part] = _noisiest(logits_RV[part], [rows[n] for n in part])
    return torch.where(fine_R, chosen_R, _NOTHING)


def _noisiest(logits_RV: Tensor, rows: Sequence[Row]) -> Tensor:
    """Of the tokens that pass the filters, the one whose scaled logit and noise sum highest."""
    device = logits_RV.device
    temperatures = [row.sampling.temperature for row in rows]
    wide_RV = logits_RV.double()
    scaled_RV = (wide_RV - wide_RV.amax(1, keepdim=True)) / _column(temperatures, device)
    kept_RV = scaled_RV >= _thresholds(scaled_RV, rows)
    noise_RV = gumbel_noise(rows, logits_RV.shape[1], device)
    return torch.where(kept_RV, scaled_RV + noise_RV, -math.inf).argmax(1)


def _thresholds(scaled_RV: Tensor, rows: Sequence[Row]) -> Tensor:
    """What a scaled logit must reach to pass top-k, top-p and min-p, ``[R, 1]``."""
    device, vocabulary = scaled_RV.device, scaled_RV.shape[1]
    least_R1 = torch.full((len(rows), 1), -math.inf, dtype=torch.float64, device=device)
    samplings = [row.sampling for row in rows]
    if any(sampling.top_k or sampling.top_p < 1 for sampling in samplings):
        falling_RV = scaled_RV.sort(dim=1, descending=True).values
        ranks = [min(sampling.top_k or vocabulary, vocabulary) - 1 for sampling in samplings]
        of_rank_R1 = falling_RV.gather(1, torch.tensor(ranks, device=device)[:, None])
        mass_RV = torch.where(falling_RV >= of_rank_R1, falling_RV.exp(), 0.0).cumsum(1)
        shares_R1 = _column([sampling.top_p for sampling in samplings], device)
        enough_R1 = torch.searchsorted(mass_RV, shares_R1 * mass_RV[:, -1:])
        of_mass_R1 = falling_RV.gather(1, enough_R1.clamp(max=vocabulary - 1))
        nucleus_R1 = torch.where(shares_R1 < 1, of_mass_R1, -math.inf)
        least_R1 = torch.maximum(of_rank_R1, nucleus_R1)
    floors = [math.log(s.min_p) if s.min_p else -math.inf for s in samplings]
    return torch.maximum(least_R1, _column(floors, device))


def gumbel_noise(rows: Sequence[Row], vocabulary: int, device: torch.device) -> Tensor:
    """``engine.sampling.philox``'s noise of every token, ``[R, V]`` in float64."""

    def words(values: list[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.int64, device=device)[:, None]

    low = words([row.sampling.seed & _LOW for row in rows])
    high = words([row.sampling.seed >> 32 for row in rows])
    positions = words([row.position & _LOW for row in rows])
    a = torch.arange(-(-vocabulary // 4), device=device).repeat(len(rows), 1)
    b, c, d = positions.expand_as(a), torch.zeros_like(a), torch.zeros_like(a)
    for _ in range(ROUNDS):
        # Products of 64 bits wrap around in int64; their halves are what they should be.
        product_a, product_c = a * int(MULTIPLIERS[0]), c * int(MULTIPLIERS[1])
        a, c = (product_c >> 32 & _LOW) ^ b ^ low, (product_a >> 32 & _LOW) ^ d ^ high
        b, d = product_c & _LOW, product_a & _LOW
        low, high = low + KEY_STEPS[0] & _LOW, high + KEY_STEPS[1] & _LOW
    uniform = (torch.stack((a, b, c, d), dim=2).flatten(1)[:, :vocabulary] + 0.5) * 2.0**-32
    return -torch.log(-torch.log(uniform))


def _column(values: Sequence[float], device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device=device)[:, None]
