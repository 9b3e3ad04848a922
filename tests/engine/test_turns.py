"""Nobody waits for ever, and nobody takes the engine for himself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from paddock.engine.errors import EngineFull
from paddock.engine.request import Finish
from tests.engine.driving import Driven, asking, check_as_alone, check_nothing_is_held


def _order_of_ends(driven: Driven) -> list[str]:
    ended: list[str] = []

    def look() -> bool:
        ended.extend(
            name for name, answer in driven.answers.items() if answer.finish and name not in ended
        )
        return False

    driven.run(until=look)
    look()
    return ended


def test_a_user_with_one_request_does_not_wait_for_another_users_hundred() -> None:
    driven = Driven(blocks=200, max_sequences=2, max_step_tokens=32, prefix_cache=False)
    driven.submit(*[asking(f"many{n}", [n % 20] * 30, 10, user="many") for n in range(100)])
    driven.run(until=lambda: "many0" in driven.answers)
    driven.submit(asking("one", [3] * 30, 10, user="one"))
    assert _order_of_ends(driven).index("one") <= 4


def test_a_long_prompt_does_not_hold_up_another_users_short_one() -> None:
    driven = Driven(blocks=300, max_step_tokens=64)
    driven.submit(asking("long", [n % 23 for n in range(3000)], 1, user="long"))
    driven.run(until=lambda: driven.runner.tokens > 500)
    driven.submit(asking("short", [1, 2, 3], 4, user="short"))
    assert _order_of_ends(driven) == ["short", "long"]


def test_requests_of_one_user_begin_in_their_order() -> None:
    driven = Driven(max_sequences=1, max_step_tokens=16)
    driven.submit(*[asking(f"r{n}", [n], 2) for n in range(12)])
    assert _order_of_ends(driven) == [f"r{n}" for n in range(12)]


def test_decoding_goes_on_in_every_step_while_a_long_prompt_is_read() -> None:
    driven = Driven(blocks=300, max_sequences=8, max_step_tokens=32)
    driven.submit(asking("talking", [1, 2], 60))
    driven.engine.step()
    driven.submit(asking("reading", [n % 23 for n in range(900)], 1))
    for step in range(2, 22):
        driven.engine.step()
        assert len(driven.answers["talking"].token_ids) == step
    assert 16 < driven.runner.largest_step <= 32


def test_a_large_request_runs_though_small_ones_never_cease_to_come() -> None:
    driven = Driven(blocks=16, max_sequences=4, max_step_tokens=64, prefix_cache=False)
    driven.submit(asking("large", [1] * 250, 6, user="large"))
    for step in range(400):
        driven.submit(asking(f"small{step}", [step % 20] * 20, 3, user=f"u{step % 3}"))
        driven.engine.step()
        if "large" in driven.answers and driven.answers["large"].finish:
            return
    raise AssertionError("the large request starves")


def test_where_blocks_run_out_the_latest_waits_and_repeats_nothing() -> None:
    driven = Driven(blocks=12, max_sequences=4, max_step_tokens=64)
    requests = [asking(f"r{n}", [n] * 20, 70) for n in range(4)]
    driven.submit(*requests)
    driven.run()
    for request in requests:
        check_as_alone(driven, request)
    assert driven.engine.stats().counters.preemptions > 0
    check_nothing_is_held(driven.engine)


def test_more_than_may_wait_are_refused_and_those_who_wait_are_not_disturbed() -> None:
    driven = Driven(max_waiting=3)
    driven.submit(*[asking(f"r{n}", [n], 2) for n in range(3)])
    with pytest.raises(EngineFull, match="3 requests wait"):
        driven.submit(asking("r3", [3], 2))
    driven.run()
    assert all(driven.answers[f"r{n}"].finish is Finish.LENGTH for n in range(3))
    driven.submit(asking("r3", [3], 2))


def test_nobody_fills_the_queue_against_others() -> None:
    driven = Driven(max_waiting=128)
    driven.submit(*[asking(f"many{n}", [1], 2, user="many") for n in range(128)])
    with pytest.raises(EngineFull, match="128 requests wait"):
        driven.submit(asking("more", [1], 2, user="many"))
    others = [asking(f"other{n}", [2], 2, user=f"u{n // 2}") for n in range(32)]
    driven.submit(*others)
    with pytest.raises(EngineFull, match="160 requests wait"):
        driven.submit(asking("late", [3], 2, user="late"))
    driven.run()
    assert all(driven.answers[each.id].finish is Finish.LENGTH for each in others)
    check_nothing_is_held(driven.engine)


def test_a_thousand_requests_that_come_and_are_given_up_leave_nothing() -> None:
    driven = Driven(blocks=40, max_sequences=8, max_step_tokens=64, max_waiting=2000)
    for number in range(1000):
        driven.submit(asking(f"r{number}", [number % 20] * (number % 50 + 1), 30))
        if number % 3 == 0:
            driven.engine.step()
        if number >= 5:
            driven.engine.cancel(f"r{number - 5}")
    for number in range(1000):
        driven.engine.cancel(f"r{number}")
    driven.engine.step()
    check_nothing_is_held(driven.engine)
    assert len(driven.answers) == 1000
    assert not driven.engine._inbox._live
    assert len(driven.engine._scheduler.queue._accounts) <= 1


def test_a_step_looks_at_no_request_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    driven = Driven(blocks=16, max_sequences=2, max_step_tokens=32, max_waiting=3000)
    driven.submit(*[asking(f"r{n}", [1] * 100, 50, user=f"u{n % 500}") for n in range(2000)])
    driven.engine.step()
    looked_at = 0
    first = driven.engine._scheduler.queue.first
    known = driven.engine._paging.known_blocks

    def counting(call: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object) -> object:
            nonlocal looked_at
            looked_at += 1
            return call(*arguments)

        return counted

    monkeypatch.setattr(driven.engine._scheduler.queue, "first", counting(first))
    monkeypatch.setattr(driven.engine._paging, "known_blocks", counting(known))
    for _ in range(20):
        driven.engine.step()
    assert looked_at <= 60


def test_who_was_away_does_not_come_back_with_turns_saved_up() -> None:
    driven = Driven(blocks=200, max_sequences=1, max_step_tokens=32, prefix_cache=False)
    driven.submit(*[asking(f"here{n}", [n] * 30, 2, user="here") for n in range(20)])
    driven.run(until=lambda: "here9" in driven.answers)
    driven.submit(*[asking(f"back{n}", [n] * 30, 2, user="back") for n in range(10)])
    order = _order_of_ends(driven)
    assert order.index("here13") < order.index("back6")


def test_who_was_interrupted_goes_on_before_those_who_came_later() -> None:
    driven = Driven(blocks=6, max_sequences=2, max_step_tokens=64, prefix_cache=False)
    driven.submit(*[asking(f"r{n}", [n] * 30, 40) for n in range(4)])
    assert _order_of_ends(driven) == ["r0", "r1", "r2", "r3"]
    assert driven.engine.stats().counters.preemptions > 0
