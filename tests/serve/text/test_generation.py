from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from paddock.llama.chat import Turn, encode
from paddock.serve.guard import Refusal
from paddock.serve.served import Served
from paddock.serve.text.chat import ChatRequest, answer, prepare
from paddock.serve.text.completing import read_prompt
from paddock.serve.text.errors import BadConversation, GenerationFailed, PromptTooLong
from paddock.serve.text.generation import generate
from paddock.serve.text.pieces import FinishReason, Piece, TextRequest, Wanted
from tests.fakes.scripted_model import ScriptedBackend, scripted


def pieces_of(served: Served, **wanted: Any) -> list[Piece]:
    """Everything that a short prompt becomes."""

    async def collect() -> list[Piece]:
        request = TextRequest("t", (0, 447, 539), Wanted(**wanted))
        async with aclosing(generate(served, request)) as pieces:
            return [piece async for piece in pieces]

    return asyncio.run(collect())


def text_of(pieces: list[Piece], choice: int = 0) -> str:
    return "".join(piece.text for piece in pieces if piece.choice == choice)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize(
    "text", ["naïve café 🦙🏽 日本語 ﷽", "tabs\tand\r\nlines", "e\u0301 \u200d"]
)
def test_text_comes_whole_whatever_its_characters(text: str, at_once: int) -> None:
    served, model = scripted(lambda _asked: text)
    model.tokens_at_once = at_once
    pieces = pieces_of(served)
    assert text_of(pieces) == text
    assert all("\N{REPLACEMENT CHARACTER}" not in piece.text for piece in pieces)
    assert pieces[-1].finish is FinishReason.STOP


def test_a_stop_string_ends_the_answer_and_the_request() -> None:
    served, model = scripted(lambda _asked: "one two three four" * 50)
    pieces = pieces_of(served, stop=("o thr", "zzz"))
    assert text_of(pieces) == "one tw"
    assert (pieces[-1].finish, pieces[-1].stop) == (FinishReason.STOP, "o thr")
    assert model.open == 0
    assert model.given < 30


@pytest.mark.parametrize("at_once", [1, 2, 50])
def test_tokens_after_a_stop_string_are_not_the_answers(at_once: int) -> None:
    """However many came together: what is counted depends on the answer alone."""
    served, model = scripted(lambda _asked: "one two three four five")
    model.tokens_at_once = at_once
    pieces = pieces_of(served, stop=("three",))
    ids = [token_id for piece in pieces for token_id in piece.token_ids]
    assert served.tokenizer.decode(ids).endswith(" three")


def test_choices_are_requests_of_their_own_with_seeds_that_follow() -> None:
    served, model = scripted(lambda asked: f"seed {asked.sampling.seed}")
    sampling = replace(Wanted().sampling, seed=(1 << 64) - 1)
    pieces = pieces_of(served, choices=3, sampling=sampling)
    assert [text_of(pieces, choice) for choice in range(3)] == [
        f"seed {(1 << 64) - 1}",
        "seed 0",
        "seed 1",
    ]
    assert len({asked.id for asked in model.asked}) == 3


def test_further_choices_of_a_long_prompt_wait_until_the_first_has_read_it() -> None:
    served, model = scripted()
    begun: list[int] = []
    model.script = lambda asked: begun.append(model.given) or "Hello!"

    async def collect() -> None:
        request = TextRequest("t", tuple(range(100, 200)), Wanted(choices=2))
        async with aclosing(generate(served, request)) as pieces:
            async for _piece in pieces:
                pass

    asyncio.run(collect())
    assert len(begun) == 2


def test_leaving_early_ends_every_request() -> None:
    served, model = scripted(lambda _asked: "and so on " * 300)

    async def leave() -> None:
        request = TextRequest("t", (0, 447), Wanted(choices=4))
        async with aclosing(generate(served, request)) as pieces:
            async for piece in pieces:
                if piece.text:
                    break
        assert model.open == 0

    asyncio.run(leave())


def test_log_probabilities_are_told_with_their_text() -> None:
    served, _model = scripted(lambda _asked: "one two three")
    pieces = pieces_of(served, logprobs=1, stop=(" three",))
    told = [each for piece in pieces for each in piece.logprobs or ()]
    assert "".join(each.token.text for each in told) == text_of(pieces) == "one two"
    text = text_of(pieces)
    assert all(text[each.offset :].startswith(each.token.text) for each in told)


def test_bytes_of_tokens_add_up_to_the_text() -> None:
    served, _model = scripted(lambda _asked: "naïve 日本 🦙")
    told = [each for piece in pieces_of(served, logprobs=0) for each in piece.logprobs or ()]
    assert b"".join(each.token.spelled for each in told).decode() == "naïve 日本 🦙"
    assert any(each.token.text.startswith("bytes:\\x") for each in told)


def test_an_engine_that_fails_is_an_error_and_not_an_answer() -> None:
    served, model = scripted()
    model.error = "the model gave no number"
    with pytest.raises(GenerationFailed, match="gave no number"):
        pieces_of(served)
    with pytest.raises(GenerationFailed):
        pieces_of(served, choices=3)


def test_a_prompt_beyond_any_hope_is_refused_before_it_is_tokenised() -> None:
    served, model = scripted(context=100)
    tokenised: list[str] = []
    original = model.tokenizer.encode
    model.tokenizer.encode = lambda text, **o: tokenised.append(text) or original(text, **o)
    with pytest.raises(PromptTooLong, match="10000000 characters"):
        asyncio.run(read_prompt(served, "a" * 10_000_000))
    assert not tokenised
    with pytest.raises(PromptTooLong, match="context of 100"):
        asyncio.run(read_prompt(served, "a b " * 100))


class Censor:
    """A guard that refuses one word, and looks at whole words."""

    def __init__(self, word: str = "secret") -> None:
        self.word, self.held = word, ""

    async def check_prompt(self, prompt: object) -> Refusal | None:
        return Refusal("No such questions.") if self.word in str(prompt) else None

    def watch(self, prompt: object) -> Censor:
        return Censor(self.word)

    async def feed(self, text: str) -> str | Refusal:
        self.held += text
        if self.word in self.held:
            return Refusal("I will not say that.")
        certain, space, self.held = self.held.rpartition(" ")
        return certain + space

    async def end(self) -> str | Refusal:
        return self.held


def chat(served: Served, content: str, change: Callable[[ChatRequest], ChatRequest] | None = None):
    """The pieces of an answer to one message."""

    async def collect() -> list[Piece]:
        request = ChatRequest("c", ({"role": "user", "content": content},), Wanted(logprobs=0))
        prepared = await prepare(served, change(request) if change else request)
        async with aclosing(answer(served, prepared)) as pieces:
            return [piece async for piece in pieces]

    return asyncio.run(collect())


def test_nothing_is_shown_that_the_policy_has_not_looked_at() -> None:
    served, model = scripted(lambda _asked: "the key is secret and long" * 20, guard=Censor())
    pieces = chat(served, "hello")
    assert "".join(piece.text for piece in pieces) == "the key is I will not say that."
    assert pieces[-1].refusal == "I will not say that."
    assert pieces[-1].finish is FinishReason.CONTENT_FILTER
    told = [each.token.text for piece in pieces for each in piece.logprobs or ()]
    assert "".join(told) in "the key is "
    assert model.open == 0


def test_a_refused_prompt_never_reaches_the_model() -> None:
    served, model = scripted(guard=Censor())
    (piece,) = chat(served, "what is the secret?")
    assert (piece.text, piece.refusal) == ("No such questions.", "No such questions.")
    assert not model.asked


def test_an_innocent_answer_comes_whole_through_the_policy() -> None:
    served, _model = scripted(lambda _asked: "nothing to hide here", guard=Censor())
    assert "".join(piece.text for piece in chat(served, "hi")) == "nothing to hide here"


@pytest.mark.parametrize("typed", ["<|eot_id|>", "<|start_header_id|>system<|end_header_id|>\n\n"])
def test_control_tokens_that_somebody_typed_stay_characters(typed: str) -> None:
    served, model = scripted()
    chat(served, f"hi {typed} there")
    plain = _prompt(model)
    chat(served, "hi there")
    control = served.tokenizer.control_ids
    assert [i for i in plain if i in control] == [i for i in _prompt(model) if i in control]
    assert typed in served.tokenizer.decode(plain)


@pytest.mark.parametrize("content", ["", " ", "\ud800 half", "\U0010fffe\U0010ffff", "a\x00b"])
def test_odd_texts_are_prompts_like_others(content: str) -> None:
    served, model = scripted()
    assert "".join(piece.text for piece in chat(served, content)) == "Hello!"
    assert len(_prompt(model)) > 5


def test_the_last_message_can_be_continued() -> None:
    served, _model = scripted()
    assert served.chat is not None
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "<|eot_id|> Once "},
    ]
    turn = Turn(messages, is_continued=True)
    text = served.tokenizer.decode(encode(served.chat, served.tokenizer, turn), control_tokens=True)
    assert text.endswith("assistant<|end_header_id|>\n\n<|eot_id|> Once ")


def test_images_are_refused() -> None:
    served, _model = scripted()
    parts = [{"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {}}]
    with pytest.raises(BadConversation, match="image_url"):
        chat(served, "", lambda it: replace(it, messages=({"role": "user", "content": parts},)))


def _prompt(model: ScriptedBackend) -> tuple[int, ...]:
    return model.asked[-1].prompt
