"""A prefix is computed once for all who share it, and never shared with others."""

from __future__ import annotations

from paddock.engine.request import Sampling
from tests.engine.driving import Driven, asking, check_as_alone, check_nothing_is_held

PREFIX = [number % 23 for number in range(160)]  # ten blocks


def test_a_prefix_of_many_who_come_at_once_is_computed_once() -> None:
    driven = Driven(blocks=400, max_sequences=32, max_step_tokens=64)
    requests = [asking(f"r{n}", [*PREFIX, n % 23, n // 23, 5], 4) for n in range(32)]
    driven.submit(*requests)
    driven.run()
    for request in requests:
        check_as_alone(driven, request)
    # Ten blocks once, and of each request its own three tokens and all new ones but the last.
    assert driven.runner.tokens == 160 + 32 * (3 + 3)
    counters = driven.engine.stats().counters
    assert counters.step_tokens == driven.runner.tokens
    assert counters.prompt_tokens == 32 * 163
    assert counters.cached_prompt_tokens == 31 * 160
    check_nothing_is_held(driven.engine)


def test_what_was_generated_is_shared_by_the_next_turn() -> None:
    driven = Driven()
    first = asking("first", PREFIX[:30], 20, sampling=Sampling(seed=4))
    said = driven.answer(first).token_ids
    second = asking("second", [*PREFIX[:30], *said, 1, 2, 3], 4)
    assert driven.answer(second).cached_tokens == 48  # of 50; the last token was never computed
    check_as_alone(driven, second)


def test_a_whole_prompt_that_is_known_still_has_its_last_token_computed() -> None:
    driven = Driven()
    driven.answer(asking("first", PREFIX, 1))
    computed = driven.runner.tokens
    again = asking("again", PREFIX, 1)
    assert driven.answer(again).cached_tokens == 144
    assert driven.runner.tokens - computed == 16
    check_as_alone(driven, again)


def test_another_salt_or_adapter_shares_nothing() -> None:
    driven = Driven()
    driven.engine.put_adapter("polite", 7)
    driven.answer(asking("plain", PREFIX, 1))
    for more in ({"cache_salt": "theirs"}, {"adapter": "polite"}):
        assert driven.answer(asking(str(more), PREFIX, 1, **more)).cached_tokens == 0


def test_an_adapter_of_the_same_name_shares_nothing_with_the_one_before() -> None:
    driven = Driven()
    driven.engine.put_adapter("polite", 7)
    driven.answer(asking("before", PREFIX, 3, adapter="polite"))
    driven.engine.put_adapter("polite", 8)
    after = asking("after", PREFIX, 3, adapter="polite")
    assert driven.answer(after).cached_tokens == 0
    check_as_alone(driven, after, adapter=8)
    assert list(driven.runner.adapters.values()) == [8]


def test_scores_are_of_every_token_though_the_prefix_is_known() -> None:
    driven = Driven()
    driven.answer(asking("first", PREFIX, 1))
    scored = asking("scored", PREFIX, 0, prompt_logprobs=2)
    assert driven.answer(scored).cached_tokens == 0
    check_as_alone(driven, scored)


def test_the_prefix_used_longest_ago_makes_room_from_its_end() -> None:
    driven = Driven(blocks=8)
    a, b, c = ([n] * 33 for n in (1, 2, 3))  # two full blocks each, and a token
    for name, prompt in (("a", a), ("b", b), ("a again", a), ("c", c), ("d", [4] * 33)):
        driven.answer(asking(name, prompt, 1))
    assert driven.answer(asking("b again", b, 1)).cached_tokens == 16
    assert driven.answer(asking("c again", c, 1)).cached_tokens == 32
    check_nothing_is_held(driven.engine)
