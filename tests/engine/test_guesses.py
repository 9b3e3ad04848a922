"""Guesses change how many steps an answer takes, and nothing else."""

from __future__ import annotations

import pytest

from paddock.engine.request import Sampling
from paddock.errors import BadInput
from tests.engine.driving import Driven, asking, check_as_alone, check_nothing_is_held
from tests.fakes.block_model import BlockModel, small


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_draft_model_that_agrees_saves_most_steps(temperature: float) -> None:
    draft = BlockModel()
    driven = Driven(draft=draft, max_proposals=4)
    request = asking(
        "r", [1, 2, 3] * 12, 100, logprobs=2, sampling=Sampling(temperature=temperature, seed=5)
    )
    driven.answer(request)
    check_as_alone(driven, request)
    assert driven.runner.steps < 30  # with the draft's own noise, it would agree no better than 5:1
    counters = driven.engine.stats().counters
    assert counters.accepted_tokens == counters.proposed_tokens
    check_nothing_is_held(driven.engine)


def test_a_draft_model_that_is_mostly_wrong_is_hardly_asked() -> None:
    draft = BlockModel(agreement=0.0)
    driven = Driven(draft=draft, max_proposals=4)
    request = asking("r", [1, 2, 3], 400)
    driven.answer(request)
    check_as_alone(driven, request)
    counters = driven.engine.stats().counters
    assert counters.proposed_tokens < 40
    assert draft.steps < 40


def test_a_large_batch_is_not_burdened_with_guesses() -> None:
    driven = Driven(
        draft=BlockModel(agreement=0.6), blocks=300, max_sequences=48, prompt_lookup=True
    )
    requests = [asking(f"r{n}", [n % 20, 1, 2], 40) for n in range(48)]
    driven.submit(*requests)
    driven.run()
    for request in requests:
        check_as_alone(driven, request)
    counters = driven.engine.stats().counters
    assert counters.proposed_tokens < counters.generated_tokens * 0.02


def test_a_draft_model_follows_a_prefix_that_it_has_not_seen() -> None:
    """One sequence computes the prefix while the draft model is not asked; another one takes it."""
    draft = BlockModel()
    driven = Driven(draft=draft, blocks=100, max_proposals=4, free_rows=4)
    prefix = [n % 23 for n in range(64)]
    driven.submit(*[asking(f"r{n}", [*prefix, n], 1) for n in range(3)])
    driven.run()
    assert draft.tokens == 0
    request = asking("next", [*prefix, 9, 9], 40)
    driven.answer(request)
    check_as_alone(driven, request)
    counters = driven.engine.stats().counters
    assert counters.accepted_tokens == counters.proposed_tokens > 20


def test_text_that_repeats_itself_is_guessed_from_itself() -> None:
    driven = Driven(prompt_lookup=True, blocks=200)
    told = driven.answer(asking("first", [1, 2, 3], 60)).token_ids
    # The model says the same again where the prompt ends in the same way; ours hashes all of it,
    # so what it repeats is only what is likely everywhere.
    request = asking("again", [1, 2, 3, *told], 200)
    driven.answer(request)
    check_as_alone(driven, request)
    counters = driven.engine.stats().counters
    assert 0 < counters.accepted_tokens <= counters.proposed_tokens


def test_a_draft_model_that_fails_is_given_up_and_nobody_notices() -> None:
    driven = Driven(draft=BlockModel(fails_at={3}))
    request = asking("r", [1, 2, 3], 60)
    driven.answer(request)
    check_as_alone(driven, request)
    assert driven.engine.stats().counters.failed_steps == 0


def test_a_guess_takes_no_blocks_from_anybody() -> None:
    driven = Driven(draft=BlockModel(), blocks=4, max_sequences=2, max_step_tokens=64)
    requests = [asking("a", [1] * 15, 16), asking("b", [2] * 15, 16)]
    driven.submit(*requests)
    driven.run()
    for request in requests:
        check_as_alone(driven, request)
    assert driven.engine.stats().counters.preemptions == 0


@pytest.mark.parametrize("seed", range(6))
def test_a_guessed_token_counts_for_penalties_and_for_the_least_length(seed: int) -> None:
    driven = Driven(draft=BlockModel(), max_proposals=6)
    sampling = Sampling(temperature=0.5, frequency_penalty=2.0, presence_penalty=1.0, seed=seed)
    request = asking(
        "r", [1, 2, seed], 60, sampling=sampling, min_tokens=10 + seed,
        stop_ids=frozenset(range(18, 24)),
    )  # fmt: skip
    driven.answer(request)
    check_as_alone(driven, request)
    assert driven.engine.stats().counters.accepted_tokens > 0


def test_a_draft_model_of_another_vocabulary_is_refused() -> None:
    with pytest.raises(BadInput, match="32 tokens, the model 24"):
        Driven(draft=BlockModel(small(vocab_size=32)))
