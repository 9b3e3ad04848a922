"""Each implementation against one that sorts everything and follows the steps by the letter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.sampling.philox import gumbel, token_words
from tests.engine.sampling.choosers import CHOOSERS, bits, row

INF = np.float32(np.inf)


def by_the_letter(logits, wanted):
    """The token by the order in ``sampler``, with a sorted list and no thresholds."""
    sampling = wanted.sampling
    values = {t: float(x) for t, x in enumerate(logits)}
    for t in values:
        if t in wanted.forbidden or (
            wanted.mask_V is not None and not wanted.mask_V[t // 32] >> np.uint32(t % 32) & 1
        ):
            values[t] = -math.inf
        values[t] = float(np.float32(values[t]) + np.float32(sampling.logit_bias.get(t, 0)))
        times = list(wanted.output).count(t)
        value = np.float32(values[t])
        if times or t in wanted.prompt:
            penalty = np.float32(sampling.repetition_penalty)
            value = value / penalty if value > 0 else value * penalty
        if times:
            value -= np.float32(sampling.frequency_penalty) * np.float32(times)
            value -= np.float32(sampling.presence_penalty)
        values[t] = float(value)
    ranked = sorted((t for t in values if values[t] > -math.inf), key=lambda t: (-values[t], t))
    if not ranked:
        return None
    if not sampling.temperature:
        return ranked[0]
    largest = values[ranked[0]]
    scaled = {t: (values[t] - largest) / sampling.temperature for t in ranked}
    if sampling.top_k:
        ranked = [t for t in ranked if scaled[t] >= scaled[ranked[: sampling.top_k][-1]]]
    if sampling.top_p < 1:
        whole, sum_, last = sum(math.exp(scaled[t]) for t in ranked), 0.0, ranked[-1]
        for t in ranked:
            sum_ += math.exp(scaled[t])
            if sum_ >= sampling.top_p * whole:
                last = t
                break
        ranked = [t for t in ranked if scaled[t] >= scaled[last]]
    if sampling.min_p:
        ranked = [t for t in ranked if scaled[t] >= math.log(sampling.min_p)]
    noise = gumbel(token_words(sampling.seed, wanted.position, np.array(sorted(ranked))))
    scores = {t: scaled[t] + g for t, g in zip(sorted(ranked), noise, strict=True)}
    return max(sorted(scores), key=scores.__getitem__)


# Halves make ties; values that are no thirds of one another keep sums away from top_p's edge.
logit = st.one_of(
    st.integers(-30, 30).map(lambda n: n / 2), st.just(-math.inf), st.floats(-1e4, 1e4, width=32)
)


@st.composite
def cases(draw):
    vocabulary = draw(st.sampled_from([1, 2, 5, 63, 64, 65, 130]))
    few = draw(st.lists(logit, min_size=1, max_size=12))
    places = draw(st.randoms(use_true_random=False))
    logits = np.array([places.choice(few) for _ in range(vocabulary)], np.float32)
    token = st.integers(0, vocabulary - 1)
    like = {
        "prompt": draw(st.lists(token, max_size=4)),
        "output": draw(st.lists(token, max_size=6)),
        "forbidden": draw(st.frozensets(token, max_size=3)),
    }
    if draw(st.booleans()):
        like["mask_V"] = bits(draw(st.lists(token, max_size=40)), vocabulary)
    sampling = {
        "temperature": draw(st.sampled_from([0.0, 1e-6, 0.3, 1.0, 1.7, 100.0])),
        "top_k": draw(st.sampled_from([0, 1, 2, 7, 64, 1000])),
        "top_p": draw(st.sampled_from([1.0, 0.97, 0.613, 0.0317])),
        "min_p": draw(st.sampled_from([0.0, 0.0511, 1.0])),
        "presence_penalty": draw(st.sampled_from([0.0, 10.0, -0.7])),
        "frequency_penalty": draw(st.sampled_from([0.0, 2.0, -10.0])),
        "repetition_penalty": draw(st.sampled_from([1.0, 1.3, 0.01, 100.0])),
        "logit_bias": draw(st.dictionaries(token, st.sampled_from([100.0, -100.0, 0.3]))),
        "seed": draw(st.integers(0, (1 << 64) - 1)),
    }
    return logits, row(draw(st.integers(0, 1 << 20)), like=like, **sampling)


@pytest.mark.parametrize("choose_token", CHOOSERS.values(), ids=CHOOSERS)
@settings(deadline=None, max_examples=80)
@given(case=cases())
def test_the_token_is_the_one_by_the_letter(choose_token, case):
    logits, wanted = case
    found = choose_token(logits, wanted) if logits.max() > -INF else None
    assert (found and found.token_id) == by_the_letter(logits, wanted)


@pytest.mark.parametrize("spread", [0.01, 1.0, 8.0])
@pytest.mark.parametrize("top_p", [0.5, 0.95, 0.9999])
@pytest.mark.parametrize("temperature", [0.7, 3.0])
def test_large_vocabularies_give_the_same_tokens_in_all_implementations(spread, top_p, temperature):
    logits = np.random.default_rng(1).normal(size=49_153).astype(np.float32) * np.float32(spread)
    for seed, top_k in ((1, 0), (2, 40), (3, 5_000)):
        wanted = row(seed, temperature=temperature, top_p=top_p, top_k=top_k, seed=seed, min_p=1e-9)
        assert len({each(logits, wanted).token_id for each in CHOOSERS.values()}) == 1
