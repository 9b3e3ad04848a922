"""The same requests through the compiled step and through PyTorch: one answer in every precision.

Two runners round differently, and where two tokens are as likely a rounding decides. So an answer
is held against the other one up to the first token that differs, which either runner must find as
likely as the other says, to within what the precision leaves uncertain. In float32 tokens agree.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddock.engine.adapters import Adapter, LowRank, Projection, Target
from paddock.engine.engine import Engine
from paddock.engine.grammar.kinds import JsonSchema
from paddock.engine.grammar.matching import Vocabulary
from paddock.engine.opening import OpenOptions, open_model
from paddock.engine.options import EngineOptions
from paddock.engine.precision import Precision
from paddock.engine.request import Output, Request, Sampling, TokenLogprob
from paddock.kernels.step_library import step_library
from paddock.llama.tokenizer import Tokenizer
from paddock.starter import starter_folder
from tests.engine.driving import Answer, asking

pytestmark = pytest.mark.skipif(step_library() is None, reason="the compiled step is not there")
MODELS = ("starter", "stories260K/stories260K-f32.gguf")
TEXTS = ("Where is my order?", "Once upon a time there was a little girl", "x")
FORM = '{"type": "object", "properties": {"open": {"type": "boolean"}}, "required": ["open"]}'
UNCERTAIN = 0.3  # nats about a token; the compiled step rounds activations, too
UNCERTAIN_IN_FLOAT32 = 1e-4


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Path:
    if request.param == "starter":
        return starter_folder()
    return Path(request.getfixturevalue("shared_data")) / "models" / request.param


def answers(
    model: Path, precision: Precision, runner: str, options: dict[str, bool]
) -> dict[str, Answer]:
    """What one of the runners answers to every kind of request, all in hand at once."""
    opening = OpenOptions(precision, runner=runner, device="cpu", threads=1)
    opened, tokenizer = open_model(model, opening), Tokenizer.load(model)
    draft = open_model(model, opening) if options.get("draft") else None
    config = opened.config
    vocabulary = Vocabulary(tokenizer.source, config.vocab_size, config.eos_ids)
    given: dict[str, Answer] = {}

    def arrived(outputs: list[Output]) -> None:
        for output in outputs:
            answer = given.setdefault(output.request_id, Answer())
            answer.token_ids += output.token_ids
            answer.logprobs += output.logprobs or []
            answer.prompt_logprobs = answer.prompt_logprobs or output.prompt_logprobs
            answer.embedding = answer.embedding or output.embedding
            answer.finish, answer.error = output.finish, output.error

    limits = EngineOptions(
        blocks=96, vocabulary=vocabulary, prompt_lookup=options.get("prompt_lookup", False),
        free_rows=16, draft_cost=0.2,
    )  # fmt: skip
    engine = Engine(opened, limits, arrived, draft)
    engine.put_adapter("loud", loud_adapter(config.dim, config.q_dim))
    for text in TEXTS:
        for request in every_kind(text, tokenizer.encode(text)):
            engine.submit(request)
    while engine.step():
        pass
    engine.stop()
    assert len(given) == len(TEXTS) * 6
    return given


def every_kind(text: str, prompt: list[int]) -> list[Request]:
    """Greedy and drawn answers, one in a form, one with an adapter; a score; an embedding."""
    drawn = Sampling(temperature=0.8, top_p=0.9, top_k=40, seed=7, repetition_penalty=1.1)
    return [
        asking(f"greedy {text}", prompt, 16, logprobs=8),
        asking(f"drawn {text}", prompt, 12, logprobs=8, sampling=drawn),
        asking(f"form {text}", prompt, 24, logprobs=8, grammar=JsonSchema(FORM, is_one_line=True)),
        asking(f"adapter {text}", prompt, 12, logprobs=8, adapter="loud"),
        asking(f"score {text}", prompt, 0, prompt_logprobs=0),
        asking(f"embed {text}", prompt, 0, embed=True),
    ]


def loud_adapter(inputs: int, outputs: int) -> Adapter:
    """One that changes what a model says."""
    rng = np.random.default_rng(0)
    a = (rng.standard_normal((4, inputs)) / np.sqrt(inputs)).astype(np.float32)
    b = rng.standard_normal((outputs, 4)).astype(np.float32)
    return Adapter("loud", {Target(0, Projection.Q): LowRank(a, b, 2.0)})


def check_alike(one: Answer, other: Answer, uncertain: float) -> None:
    for ours, theirs in zip(one.logprobs, other.logprobs, strict=False):
        for told, seen in ((ours, theirs), (theirs, ours)):
            assert chance_of(told.token_id, seen) == pytest.approx(told.logprob, abs=uncertain)
        if ours.token_id != theirs.token_id:
            return
    assert (one.token_ids, one.finish) == (other.token_ids, other.finish)


def chance_of(token_id: int, seen: TokenLogprob) -> float | None:
    return {seen.token_id: seen.logprob, **dict(seen.top)}.get(token_id)


@pytest.mark.parametrize("precision", list(Precision))
def test_either_runner_gives_the_answer_of_the_other(model: Path, precision: Precision) -> None:
    native = answers(model, precision, "native", {})
    plain = answers(model, precision, "torch", {})
    exact = precision is Precision.FLOAT32
    uncertain = UNCERTAIN_IN_FLOAT32 if exact else UNCERTAIN
    assert plain.keys() == native.keys()
    for name, ours in plain.items():
        theirs = native[name]
        assert ours.error is theirs.error is None
        if name.startswith("score"):
            assert ours.prompt_logprobs is not None
            assert theirs.prompt_logprobs is not None
            for mine, its in zip(ours.prompt_logprobs[1:], theirs.prompt_logprobs[1:], strict=True):
                assert mine is not None
                assert its is not None
                assert mine.logprob == pytest.approx(its.logprob, abs=uncertain)
        elif name.startswith("embed"):
            assert ours.embedding is not None
            assert np.corrcoef(ours.embedding, np.array(theirs.embedding))[0, 1] > 0.999
        else:
            check_alike(ours, theirs, uncertain)
            assert not exact or ours.token_ids == theirs.token_ids
    adapted = [plain[f"adapter {text}"].token_ids for text in TEXTS]
    assert adapted != [plain[f"greedy {text}"].token_ids for text in TEXTS]


@pytest.mark.parametrize("guessing", ["prompt_lookup", "draft"])
def test_guesses_change_nothing_in_torch(model: Path, guessing: str) -> None:
    plain = answers(model, Precision.FLOAT32, "torch", {})
    guessed = answers(model, Precision.FLOAT32, "torch", {guessing: True})
    for name, ours in plain.items():
        assert (ours.token_ids, ours.finish) == (guessed[name].token_ids, guessed[name].finish)
