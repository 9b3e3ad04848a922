"""Generation: exact where it must be, stopping where it should."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from paddock.errors import BadInput
from paddock.llama.generate import (
    PREFILL_TOKENS,
    ContextTooShort,
    EmptyPrompt,
    Finish,
    Sampling,
    TokenOutOfVocabulary,
    choose,
    generate,
)
from paddock.llama.loading import load, load_model
from paddock.llama.model import Llama, with_random_weights
from tests.llama.continuing import continued
from tests.llama.twins import GENERATIONS, tokens, twins

STORIES = Path("models") / "stories260K"


@pytest.fixture(scope="module")
def model() -> Llama:
    return with_random_weights(GENERATIONS["llama 3.2, tied"], seed=0, deviation=0.5)


def ids_of(model: Llama, prompt: list[int], sampling: Sampling) -> list[int]:
    return [token.token_id for token in generate(model, prompt, sampling)]


def test_stories_come_out_to_the_letter(shared_data: Path) -> None:
    loaded = load(shared_data / STORIES)
    truth = json.loads((shared_data / STORIES / "expected.json").read_text())
    for case in truth["greedy"]:
        new = case["steps"] + 1 - len(case["prompt_ids"])
        done = continued(loaded, case["prompt"], new)
        assert case["prompt_ids"] + done.token_ids == case["token_ids"]
        assert case["prompt"] + done.text == case["text"]
        assert done.finish is Finish.LENGTH


def test_stories_end_where_the_model_begins_another(shared_data: Path) -> None:
    loaded = load(shared_data / STORIES)
    done = continued(loaded, "", 500)
    assert done.finish is Finish.STOP
    assert "Her mom said, \"Don't worry, Lily. We can help you." in done.text
    assert len(done.token_ids) < 500


@pytest.mark.parametrize("name", ["model.safetensors", "expected.json"])
def test_a_hugging_face_fixture_gives_the_recorded_logits(shared_data: Path, name: str) -> None:
    folder = shared_data / "models" / "tiny-llama-float-hf"
    truth = json.loads((folder / "expected.json").read_text())
    path = folder if name == "expected.json" else folder / name
    logits = load_model(path, dtype=torch.float32)(torch.tensor([truth["input_ids"]]))[0]
    assert logits.argmax(-1).tolist() == truth["argmax"]
    torch.testing.assert_close(logits[-1], torch.tensor(truth["last_logits"]), atol=2e-5, rtol=1e-4)


def test_greedy_tokens_are_those_of_transformers() -> None:
    ours, theirs = twins(GENERATIONS["llama 3.1, scaled positions"], seed=1)
    prompt_1T = tokens(ours.config, 1, 30, seed=1)
    truth = theirs.generate(
        prompt_1T, attention_mask=torch.ones_like(prompt_1T), max_new_tokens=60, do_sample=False
    )
    new = ids_of(ours, prompt_1T[0].tolist(), Sampling(max_tokens=60))
    assert prompt_1T[0].tolist() + new == truth[0].tolist()


def test_a_prompt_longer_than_one_piece_is_read_whole() -> None:
    ours, theirs = twins(GENERATIONS["llama 3, large theta"], seed=2)
    assert ours.config.context < PREFILL_TOKENS  # so shorten the pieces, not the meaning
    prompt_1T = tokens(ours.config, 1, 200, seed=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("paddock.llama.generate.PREFILL_TOKENS", 64)
        first = ids_of(ours, prompt_1T[0].tolist(), Sampling(max_tokens=1))
    assert first == [int(theirs(prompt_1T).logits[0, -1].argmax())]


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others(model: Llama) -> None:
    drawn = [
        ids_of(model, [1, 2, 3], Sampling(max_tokens=40, temperature=1.0, seed=seed))
        for seed in (5, 5, 6)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_narrow_nucleus_is_greedy(model: Llama) -> None:
    greedy = ids_of(model, [1, 2, 3], Sampling(max_tokens=30))
    narrow = Sampling(max_tokens=30, temperature=1.0, top_p=1e-6, seed=3)
    assert ids_of(model, [1, 2, 3], narrow) == greedy


def test_the_nucleus_holds_the_likeliest_tokens_that_reach_top_p() -> None:
    logits_V = torch.tensor([0.1, 0.4, 0.3, 0.2]).log()
    generator = torch.Generator().manual_seed(0)
    sampling = Sampling(temperature=1.0, top_p=0.6)
    drawn = [choose(logits_V, sampling, generator) for _ in range(2000)]
    assert set(drawn) == {1, 2}
    assert drawn.count(1) / 2000 == pytest.approx(4 / 7, abs=0.05)


def test_equal_logits_fall_to_the_first_token() -> None:
    assert choose(torch.zeros(9), Sampling(), torch.Generator()) == 0


def test_generation_stops_at_each_end_token(model: Llama) -> None:
    free = ids_of(model, [7, 8], Sampling(max_tokens=20, temperature=1.0, seed=1))
    assert len(free) == 20
    stopping = Llama(replace(model.config, eos_ids=(5, free[6])))
    stopping.load_state_dict(model.state_dict(), assign=True)
    told = list(generate(stopping, [7, 8], Sampling(max_tokens=20, temperature=1.0, seed=1)))
    assert [token.token_id for token in told] == free[: free.index(free[6]) + 1]
    assert told[-1].finish is Finish.STOP
    assert all(token.finish is None for token in told[:-1])


def test_more_than_the_context_holds_is_refused_with_what_would_fit(model: Llama) -> None:
    with pytest.raises(ContextTooShort, match="exceed the model's context of 256") as refusal:
        ids_of(model, [1] * 250, Sampling(max_tokens=7))
    assert "at most 6" in str(refusal.value.hint)
    assert len(ids_of(model, [3] * 250, Sampling(max_tokens=6))) <= 6


def test_a_prompt_that_fills_the_context_is_refused(model: Llama) -> None:
    with pytest.raises(ContextTooShort, match="fill the model's context"):
        ids_of(model, [1] * 256, Sampling())


def test_without_a_number_generation_ends_with_the_context(model: Llama) -> None:
    told = list(generate(model, [3] * 250, Sampling()))
    assert told[-1].finish in (Finish.LENGTH, Finish.STOP)
    assert len(told) <= 6


def test_nothing_to_begin_from_is_an_error(model: Llama) -> None:
    with pytest.raises(EmptyPrompt):
        ids_of(model, [], Sampling())


def test_a_token_of_another_model_is_an_error(model: Llama) -> None:
    with pytest.raises(TokenOutOfVocabulary, match="holds the token 320"):
        ids_of(model, [320], Sampling())


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_tokens": 0},
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"top_p": float("nan")},
    ],
)
def test_impossible_sampling_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        Sampling(**wrong)  # the types are right, the values are not
