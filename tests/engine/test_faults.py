"""What goes wrong with one request ends that one; what goes wrong with the runner ends what ran."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.engine.errors import (
    AdapterSlotsFull,
    BadGrammar,
    DuplicateRequest,
    EngineOutOfMemory,
    EngineStopped,
    ImpossibleRequest,
    UnknownAdapter,
)
from paddock.engine.grammar.kinds import Regex
from paddock.engine.request import Finish
from paddock.llama.errors import ContextTooShort, EmptyPrompt, TokenOutOfVocabulary
from tests.engine.driving import Driven, asking, check_as_alone, check_nothing_is_held
from tests.fakes.block_model import BlockModel, small


@pytest.mark.parametrize(
    ("request_of", "error", "said"),
    [
        ({"prompt": []}, EmptyPrompt, "no token"),
        ({"prompt": [24]}, TokenOutOfVocabulary, "token 24"),
        ({"prompt": [-1]}, TokenOutOfVocabulary, "token -1"),
        ({"prompt": [1 << 40]}, TokenOutOfVocabulary, "token 1099511627776"),
        ({"prompt": [1] * 65, "max_tokens": 0}, ContextTooShort, "65 tokens"),
        ({"prompt": [1] * 64}, ContextTooShort, "one that follows"),
        ({"max_tokens": -1}, ImpossibleRequest, "max_tokens is -1"),
        ({"min_tokens": 9}, ImpossibleRequest, "min_tokens is 9"),
        ({"logprobs": 21}, ImpossibleRequest, "logprobs is 21"),
        ({"embed": True}, ImpossibleRequest, "embedding"),
        ({"adapter": "none"}, UnknownAdapter, "'none'"),
        ({"grammar": Regex("a")}, BadGrammar, "no grammars"),
    ],
)
def test_what_cannot_run_is_refused_at_once(
    request_of: dict[str, Any], error: type[Exception], said: str
) -> None:
    driven = Driven(BlockModel(small(context=64)))
    with pytest.raises(error, match=said):
        driven.submit(asking("r", **{"prompt": [1], "max_tokens": 8, **request_of}))
    assert not driven.engine.step()


def test_a_request_that_the_cache_could_never_hold_is_refused_and_the_largest_runs() -> None:
    driven = Driven(blocks=4)
    with pytest.raises(ContextTooShort, match="context of 64"):
        driven.submit(asking("too large", [1] * 64))
    largest = asking("largest", [1] * 40, 1000)
    assert len(driven.answer(largest).token_ids) == 24
    check_as_alone(driven, largest)


def test_an_id_is_used_by_one_request_at_a_time() -> None:
    driven = Driven()
    driven.submit(asking("r", [1]))
    with pytest.raises(DuplicateRequest, match="'r'"):
        driven.submit(asking("r", [1]))
    driven.run()
    driven.answers.clear()
    driven.answer(asking("r", [1]))


def test_a_request_whose_model_gives_no_number_ends_alone_and_poisons_nobody() -> None:
    driven = Driven(BlockModel(nan_token=13), max_sequences=4, max_step_tokens=34)
    prefix = [1] * 32
    driven.submit(asking("ill", [*prefix, 13, *prefix, *prefix]), asking("well", [*prefix, 2], 20))
    driven.run()
    assert driven.answers["ill"].finish is Finish.ERROR
    assert "no number" in (driven.answers["ill"].error or "")
    assert driven.answers["well"].finish is Finish.LENGTH
    driven.submit(asking("embedded", [13], 0, embed=True), asking("read", [13, 1], 0))
    driven.run()
    assert driven.answers["embedded"].finish is Finish.ERROR
    driven.runner.nan_token = None
    again = asking("again", [*prefix, 13, *prefix, *prefix])
    assert driven.answer(again).cached_tokens <= 32  # nothing that was computed with it
    check_as_alone(driven, again)
    check_nothing_is_held(driven.engine)


@pytest.mark.parametrize("error", [RuntimeError("boom"), MemoryError()])
def test_a_step_that_fails_ends_what_ran_and_the_next_requests_are_answered(
    error: Exception,
) -> None:
    driven = Driven(BlockModel(fails_at={2}, error=error), max_sequences=2)
    prompt = [5] * 40
    driven.submit(*[asking(f"r{n}", [*prompt, n], 6) for n in range(4)])
    driven.run()
    assert [driven.answers[f"r{n}"].finish for n in range(2)] == [Finish.ERROR] * 2
    for n in (2, 3):  # they share nothing with what the failed step left behind
        check_as_alone(driven, asking(f"r{n}", [*prompt, n], 6))
    check_nothing_is_held(driven.engine)


def test_a_runner_that_fails_again_and_again_stops_the_engine() -> None:
    driven = Driven(BlockModel(fails_at=set(range(100))), max_sequences=2)
    driven.submit(*[asking(f"r{n}", [n]) for n in range(10)])
    driven.run()
    assert {answer.finish for answer in driven.answers.values()} == {Finish.ERROR}
    assert len(driven.answers) == 10
    assert driven.runner.steps == 3
    with pytest.raises(EngineStopped, match="failed"):
        driven.submit(asking("late", [1]))
    check_nothing_is_held(driven.engine)


def test_a_cache_that_does_not_fit_is_told_in_bytes() -> None:
    with pytest.raises(EngineOutOfMemory, match="65536 bytes"):
        Driven(BlockModel(room=63))


def test_adapters_have_so_many_slots_and_one_in_use_stays_until_its_requests_end() -> None:
    driven = Driven(max_adapters=2)
    driven.engine.put_adapter("a", 5)
    request = asking("r", [1, 2], 30, adapter="a")
    driven.submit(request)
    driven.engine.step()
    driven.engine.drop_adapter("a")
    assert driven.engine.adapters() == ()
    driven.engine.put_adapter("b", 6)
    with pytest.raises(AdapterSlotsFull):
        driven.engine.put_adapter("c", 7)
    driven.run()
    check_as_alone(driven, request, adapter=5)
    assert list(driven.runner.adapters.values()) == [6]
    driven.engine.put_adapter("c", 7)


def test_scores_of_a_long_prompt_take_bounded_memory() -> None:
    driven = Driven(blocks=100, logits_bytes=20 * 4 * 24, max_sequences=4, max_step_tokens=256)
    request = asking("r", [n % 23 for n in range(300)], 2, prompt_logprobs=3)
    driven.answer(request)
    check_as_alone(driven, request)
    assert driven.runner.most_rows <= 20
