"""The starter model through the engine says what the readable model says, whatever else runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch

from paddock.engine.engine import Engine
from paddock.engine.grammar.kinds import Choice
from paddock.engine.grammar.matching import Vocabulary
from paddock.engine.opening import OpenOptions, open_model
from paddock.engine.options import EngineOptions
from paddock.engine.precision import Precision
from paddock.engine.request import Finish, Output, Sampling
from paddock.engine.step import Runner
from paddock.kernels.step_library import step_library
from paddock.llama.generate import Sampling as PlainSampling
from paddock.llama.generate import generate
from paddock.llama.loading import load_model
from paddock.llama.tokenizer import Tokenizer
from paddock.starter import starter_folder
from tests.engine.driving import asking

QUESTIONS = [
    "What are your opening hours?", "Hello", "Where is my order? I have been waiting for a week.",
    "Can I return shoes that I have worn once?", "x", "Do you deliver to the islands?",
]  # fmt: skip
NEW_TOKENS = 24


@pytest.fixture(scope="module", params=["torch", "native"])
def open_runner(request: pytest.FixtureRequest) -> Callable[[], Runner]:
    if request.param == "native" and step_library() is None:
        pytest.skip("the compiled step is not there")
    options = OpenOptions(Precision.FLOAT32, runner=request.param, device="cpu")
    return lambda: open_model(starter_folder(), options)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(starter_folder())


@pytest.fixture(scope="module")
def plain(tokenizer: Tokenizer) -> dict[str, list[int]]:
    """What the readable model says, one prompt at a time."""
    model = load_model(starter_folder(), dtype=torch.float32)
    told = {}
    for question in QUESTIONS:
        prompt = tokenizer.encode(question)
        new = generate(model, prompt, PlainSampling(max_tokens=NEW_TOKENS))
        told[question] = [token.token_id for token in new]
    return told


@pytest.mark.parametrize(
    "options",
    [
        {"blocks": 64, "max_step_tokens": 64, "max_sequences": 8},
        {"blocks": 7, "max_step_tokens": 9, "max_sequences": 3},
        {"blocks": 64, "prompt_lookup": True},
        # Its own draft model, which would be found to cost too much.
        {"blocks": 64, "draft": True, "free_rows": 16, "draft_cost": 0.2},
    ],
    ids=["together", "in little room", "guessing from the text", "guessing with a draft model"],
)
def test_many_together_say_what_each_says_alone(
    options: dict[str, int],
    open_runner: Callable[[], Runner],
    tokenizer: Tokenizer,
    plain: dict[str, list[int]],
) -> None:
    options = dict(options)
    draft = open_runner() if options.pop("draft", False) else None
    told: dict[str, list[int]] = {question: [] for question in QUESTIONS}

    def arrived(outputs: list[Output]) -> None:
        for output in outputs:
            told[output.request_id] += output.token_ids
            if output.stop_id is not None:
                told[output.request_id].append(output.stop_id)

    engine = Engine(open_runner(), EngineOptions(**options), arrived, draft)
    stops = frozenset({*engine.config.eos_ids, engine.config.bos_id or 0})
    for question in QUESTIONS:
        prompt = tokenizer.encode(question)
        engine.submit(asking(question, prompt, NEW_TOKENS, stop_ids=stops))
    while engine.step():
        pass
    counters = engine.stats().counters
    engine.stop()
    assert told == plain
    if draft is not None:
        assert counters.accepted_tokens > 0.9 * counters.proposed_tokens > 0


def test_a_form_and_a_seed_hold_beside_others(
    open_runner: Callable[[], Runner], tokenizer: Tokenizer
) -> None:
    """A drawn text is the same alone and in company; a form leaves only its texts."""
    runner = open_runner()
    vocabulary = Vocabulary(
        (starter_folder() / "tokenizer.json").read_text(),
        runner.config.vocab_size, runner.config.eos_ids,
    )  # fmt: skip
    ended: dict[str, tuple[list[int], Finish | None]] = {}

    def arrived(outputs: list[Output]) -> None:
        for output in outputs:
            before = ended.get(output.request_id, ([], None))[0]
            ended[output.request_id] = ([*before, *output.token_ids], output.finish)

    engine = Engine(runner, EngineOptions(blocks=64, vocabulary=vocabulary), arrived)
    prompt = tokenizer.encode(QUESTIONS[0])
    drawn = asking("alone", prompt, 16, sampling=Sampling(seed=3))
    engine.submit(drawn)
    while engine.step():
        pass
    engine.submit(asking("form", prompt, 30, grammar=Choice(("open", "closed"))))
    engine.submit(dataclasses.replace(drawn, id="together"))
    while engine.step():
        pass
    engine.stop()
    assert ended["together"] == ended["alone"]
    assert tokenizer.decode(ended["form"][0]) in ("open", "closed")
    assert ended["form"][1] is Finish.STOP
