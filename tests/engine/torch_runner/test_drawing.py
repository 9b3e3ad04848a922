"""Tokens drawn where the logits are: the sampler's own, row by row."""

from __future__ import annotations

import math
from types import MappingProxyType

import numpy as np
import pytest
import torch

from paddock.engine.request import GREEDY, Sampling
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import Row
from paddock.engine.torch_runner.drawing import choose_where_logits_are, is_plain

VOCABULARY = 501  # no multiple of four


def some_logits(rows: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, VOCABULARY, generator=generator) * 3


def plain_rows() -> list[Row]:
    filters = [
        {},
        {"temperature": 0.3},
        {"temperature": 1.7, "top_k": 5},
        {"top_p": 0.7},
        {"top_p": 0.01},
        {"min_p": 0.1},
        {"temperature": 0.9, "top_k": 40, "top_p": 0.9, "min_p": 0.02},
        {"top_k": VOCABULARY * 2},
        {"temperature": 0.0, "top_k": 3},
    ]
    seeds = (0, 1, (1 << 64) - 1, 0xFFFFFFFF, 1 << 63)
    return [
        Row(Sampling(seed=seed, **chosen), position=31 * n)
        for seed in seeds
        for n, chosen in enumerate(filters)
    ]


def test_every_filter_and_seed_draws_the_sampler_s_token() -> None:
    for seed in range(6):
        rows = plain_rows()
        logits = some_logits(len(rows), seed)
        theirs = choose(logits.numpy(), rows)
        ours = choose_where_logits_are(logits, rows)
        assert [t and t.token_id for t in ours] == [t and t.token_id for t in theirs]
        assert all(t is not None and math.isnan(t.logprob) for t in ours)


def test_rows_that_want_more_go_to_the_sampler_and_keep_their_places() -> None:
    mask = np.zeros(-(-VOCABULARY // 32), np.uint32)
    mask[3] = 0b1000
    biased = Sampling(logit_bias=MappingProxyType({9: 100.0}))
    rows = [
        Row(GREEDY, 1),
        Row(Sampling(), 2, mask_V=mask),
        Row(Sampling(seed=4), 3),
        Row(biased, 4),
        Row(GREEDY, 5, logprobs=2),
        Row(Sampling(repetition_penalty=1.5), 6, prompt=(1, 2)),
        Row(Sampling(frequency_penalty=0.5), 6, output=(1, 2)),
        Row(Sampling(), 7, forbidden=frozenset({3})),
        Row(Sampling(), 8, score=11),
    ]
    assert [is_plain(row) for row in rows] == [True, False, True] + [False] * 6
    logits = some_logits(len(rows))
    ours, theirs = choose_where_logits_are(logits, rows), choose(logits.numpy(), rows)
    assert [t and t.token_id for t in ours] == [t and t.token_id for t in theirs]
    assert ours[1] is not None
    assert ours[1].token_id == 3 * 32 + 3
    assert ours[4] == theirs[4]


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
@pytest.mark.parametrize("sampling", [GREEDY, Sampling(), Sampling(top_p=0.5)])
def test_a_row_without_a_number_gives_nothing_and_others_go_on(
    wrong: float, sampling: Sampling
) -> None:
    logits = some_logits(3)
    logits[1, 77] = wrong
    rows = [Row(sampling, 1)] * 3
    before, spoilt, after = choose_where_logits_are(logits, rows)
    assert spoilt is None
    assert [before, after] != [None, None]


def test_impossible_tokens_are_never_drawn_and_nothing_possible_gives_nothing() -> None:
    logits = torch.full((2, VOCABULARY), -math.inf)
    logits[0, 200] = -5.0
    rows = [Row(Sampling(temperature=50.0), n) for n in range(2)]
    only, nothing = choose_where_logits_are(logits, rows)
    assert only is not None
    assert only.token_id == 200
    assert nothing is None


def test_bfloat16_logits_are_drawn_from_as_they_are() -> None:
    logits = some_logits(4).bfloat16()
    rows = [Row(Sampling(seed=n), n) for n in range(4)]
    ours, theirs = choose_where_logits_are(logits, rows), choose(logits.float().numpy(), rows)
    assert [t and t.token_id for t in ours] == [t and t.token_id for t in theirs]
