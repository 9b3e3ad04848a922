"""What is chosen: by chances, through each filter, whatever else is in the batch."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from paddock.engine.request import GREEDY
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import Row
from tests.engine.sampling.choosers import CHOOSERS, bits, row

LOGITS = np.log(np.array([0.4, 0.3, 0.15, 0.1, 0.05], np.float32))
INF = np.float32(np.inf)
every = pytest.mark.parametrize("choose_token", CHOOSERS.values(), ids=CHOOSERS)


def drawn(choose_token, count: int, logits=LOGITS, **sampling):
    seeds = range(count)
    found = [choose_token(logits, row(5, seed=seed, **sampling)) for seed in seeds]
    return np.bincount([each.token_id for each in found], minlength=len(logits))


@every
@pytest.mark.parametrize(
    ("sampling", "chances"),
    [
        ({}, [0.4, 0.3, 0.15, 0.1, 0.05]),
        ({"temperature": 0.5}, [0.16, 0.09, 0.0225, 0.01, 0.0025]),
        ({"top_k": 2}, [4, 3, 0, 0, 0]),
        ({"top_p": 0.69}, [4, 3, 0, 0, 0]),
        ({"top_p": 0.71}, [0.4, 0.3, 0.15, 0, 0]),
        ({"min_p": 0.3}, [0.4, 0.3, 0.15, 0, 0]),
        ({"top_k": 3, "top_p": 0.5}, [4, 3, 0, 0, 0]),  # 0.4 of 0.85 is less than a half
        ({"logit_bias": {0: -100.0, 4: math.log(2)}}, [0, 0.3, 0.15, 0.1, 0.1]),
    ],
)
def test_draws_follow_the_chances(choose_token, sampling, chances):
    count = 3_000
    found, expected = drawn(choose_token, count, **sampling), np.array(chances) / sum(chances)
    assert not found[expected == 0].any()
    expected = expected[expected > 0] * count
    chi_square = ((found[found > 0] - expected) ** 2 / expected).sum()
    assert chi_square < 18.5  # four degrees of freedom exceed it once in a thousand


@every
def test_the_position_and_the_seed_decide_the_draw(choose_token):
    flat = np.zeros(1000, np.float32)
    tokens = [choose_token(flat, row(position, seed=3)).token_id for position in range(40)]
    others = [choose_token(flat, row(position, seed=4)).token_id for position in range(40)]
    again = [choose_token(flat, row(position, seed=3)).token_id for position in range(40)]
    assert tokens == again
    assert len(set(tokens)) > 30
    assert sum(a == b for a, b in zip(tokens, others, strict=True)) < 3
    assert sum(a == b for a, b in pairwise(tokens)) < 3


@every
def test_temperature_zero_takes_the_first_of_equals(choose_token):
    logits = np.zeros(300, np.float32)
    logits[[70, 130, 299]] = 2
    assert choose_token(logits, Row(GREEDY, 9)).token_id == 70
    assert choose_token(logits, row(temperature=0, logit_bias={70: -1.0})).token_id == 130


@every
@pytest.mark.parametrize("temperature", [1e-300, 1e-6])
def test_the_lowest_temperatures_draw_the_likeliest(choose_token, temperature):
    assert drawn(choose_token, 50, temperature=temperature)[0] == 50


@every
@pytest.mark.parametrize("place", [0, 63, 64, 199])
@pytest.mark.parametrize("value", [np.nan, -np.float32(np.nan), INF])
def test_a_row_that_holds_no_number_has_no_token(choose_token, place, value):
    logits = np.ones(200, np.float32)
    logits[place] = value
    for each in (Row(GREEDY, 0), row(), row(like={"score": 5})):
        assert choose_token(logits, each) is None


@every
def test_nothing_allowed_has_no_token_and_one_allowed_is_it(choose_token):
    logits = np.linspace(0, 9, 100).astype(np.float32)
    for wanted in ({"temperature": 0}, {}, {"top_p": 0.5, "top_k": 3, "min_p": 0.2}):
        assert choose_token(logits, row(like={"mask_V": bits([], 100)}, **wanted)) is None
        assert choose_token(np.full(100, -INF), row(**wanted)) is None
        assert choose_token(logits, row(like={"mask_V": bits([3], 100)}, **wanted)).token_id == 3
        barred = {"mask_V": bits([3, 99], 100), "forbidden": frozenset({99})}
        assert choose_token(logits, row(like=barred, **wanted)).token_id == 3
        alone = np.full(100, -INF)
        alone[42] = -1000
        assert choose_token(alone, row(**wanted)).token_id == 42
    assert choose_token(np.zeros(1, np.float32), row(top_k=5, top_p=0.1)).token_id == 0


@every
def test_a_bias_does_not_allow_what_is_masked(choose_token):
    masked = row(like={"mask_V": bits([0, 1], 5)}, logit_bias={4: 100.0})
    assert choose_token(LOGITS, masked).token_id in (0, 1)


@every
def test_penalties_count_what_was_written(choose_token):
    logits = np.array([2.0, 1.9, -1.0, -1.5], np.float32)

    def greedy(prompt=(), output=(), **sampling):
        seen = {"prompt": prompt, "output": output}
        return choose_token(logits, row(temperature=0, like=seen, **sampling)).token_id

    assert greedy([0], [], presence_penalty=1.0) == 0  # prompts are not counted
    assert greedy([], [0], presence_penalty=1.0) == 1
    assert greedy([], [0, 1], presence_penalty=1.0) == 0
    assert greedy([], [0, 0, 1], frequency_penalty=0.2) == 1
    assert greedy([0], [], repetition_penalty=1.5) == 1
    assert greedy([0], [1], repetition_penalty=1.5) == 0
    assert greedy([0, 1, 2], [], repetition_penalty=100.0) == 0  # 2/100 is above -1.5
    assert greedy([], [0, 1], frequency_penalty=-10.0) == 0
    huge = np.array([3e38, 1.0], np.float32)
    assert choose_token(huge, row(repetition_penalty=0.01, like={"prompt": [0]})).token_id == 0


@every
def test_logprobs_are_the_models_own_before_anything_was_changed(choose_token):
    asked = {"logprobs": 3, "mask_V": bits([4], 5)}
    found = choose_token(LOGITS, row(like=asked, temperature=0.2, logit_bias={4: 50.0}))
    assert found.token_id == 4
    assert math.isclose(found.logprob, math.log(0.05), rel_tol=1e-5)
    assert [token for token, _ in found.top] == [0, 1, 2]
    assert np.allclose([logprob for _, logprob in found.top], LOGITS[:3], atol=1e-5)
    assert math.isnan(choose_token(LOGITS, row()).logprob)


@every
def test_alternatives_go_by_chance_then_by_id_and_leave_out_the_impossible(choose_token):
    logits = np.full(500, -INF)
    logits[[7, 450, 64, 3]] = [1, 1, 1, 2]
    tops = choose_token(logits, row(like={"logprobs": 20})).top
    assert [token for token, _ in tops] == [3, 7, 64, 450]
    assert [t for t, _ in choose_token(logits, row(like={"logprobs": 2})).top] == [3, 7]
    assert choose_token(logits, row(like={"logprobs": 0})).top == ()


@every
def test_a_score_is_of_the_token_that_stands_there(choose_token):
    found = choose_token(LOGITS, Row(GREEDY, 0, score=3, logprobs=1))
    assert found.token_id == 3
    assert math.isclose(found.logprob, math.log(0.1), rel_tol=1e-5)
    assert [token for token, _ in found.top] == [0]
    impossible = np.array([0, -INF], np.float32)
    assert choose_token(impossible, Row(GREEDY, 0, score=1)).logprob == -math.inf


def test_a_row_has_the_same_token_whatever_else_is_in_the_batch():
    random = np.random.default_rng(4)
    logits = random.normal(size=(16, 3000)).astype(np.float32) * 3
    rows = [row(n, seed=n, top_p=0.9, temperature=0.5 + n / 8) for n in range(15)]
    rows.append(row(like={"logprobs": 4}))
    together = choose(logits, rows)
    order = random.permutation(16)
    shuffled = choose(logits[order], [rows[n] for n in order])
    for n in range(16):
        alone = choose(logits[n : n + 1], rows[n : n + 1])[0]
        assert alone.token_id == together[n].token_id == shuffled[list(order).index(n)].token_id
    assert choose(logits[15:], rows[15:])[0] == together[15]


def test_a_row_without_numbers_spoils_no_other():
    logits = np.stack([LOGITS, np.full(5, np.nan, np.float32), LOGITS])
    first, middle, last = choose(logits, [Row(GREEDY, 0)] * 3)
    assert (first.token_id, middle, last.token_id) == (0, None, 0)


@every
def test_penalties_come_after_the_bias(choose_token):
    logits, seen = np.array([2.0, 4.5], np.float32), {"prompt": [0]}
    wanted = row(temperature=0, logit_bias={0: 4.0}, repetition_penalty=2.0, like=seen)
    assert choose_token(logits, wanted).token_id == 1  # (2 + 4) / 2, not 2 / 2 + 4
