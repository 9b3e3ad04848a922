"""Models in memory: loaded once, let go for room, never while in use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import BadInput, NotFound
from paddock.serve.errors import ModelNotFound, ModelUnavailable, NoMemory, TooManyRequests
from paddock.serve.models.failures import MAX_KEPT, Failures
from paddock.serve.models.residents import ResidentLimits, Residents
from tests.serve.fake_models import FakeLoader, entry


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def residents(loader: FakeLoader, budget: int = 25, **limits: Any) -> Residents:
    return Residents(loader, ResidentLimits(budget, **{"room_seconds": 0.05, **limits}))


def test_a_hundred_who_ask_at_once_load_a_model_once() -> None:
    async def story() -> None:
        loader = FakeLoader(seconds=0.01)
        held = residents(loader)
        one = entry("a")

        async def ask() -> None:
            async with held.hold(one) as loaded:
                assert loaded.backend is loader.backends[0]

        await asyncio.gather(*(ask() for _ in range(100)))
        assert len(loader.loads) == 1 and len(one.source.fetched) == 1

    run(story())


def test_the_longest_unused_one_makes_room() -> None:
    async def story() -> None:
        loader = FakeLoader()
        held = residents(loader)
        for name in ("a", "b", "a", "c"):
            async with held.hold(entry(name)):
                pass
        assert set(held.loaded()) == {"a", "c"}
        assert loader.in_memory == 2

    run(story())


def test_what_is_in_use_is_never_let_go_and_who_waits_is_told() -> None:
    async def story() -> None:
        loader = FakeLoader()
        held = residents(loader)
        async with held.hold(entry("a")), held.hold(entry("b")):
            with pytest.raises(NoMemory, match="no room for c"):
                async with held.hold(entry("c")):
                    pass
            assert set(held.loaded()) == {"a", "b"} and loader.closed == 0
        async with held.hold(entry("c")):  # which had done nothing wrong
            assert set(held.loaded()) == {"a", "c"}

    run(story())


def test_room_that_comes_while_somebody_waits_is_taken() -> None:
    async def story() -> None:
        held = residents(FakeLoader(), room_seconds=20)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(held.hold(entry("b")))
            async with AsyncExitStack() as first:
                await first.enter_async_context(held.hold(entry("a")))
                third = asyncio.create_task(stack.enter_async_context(held.hold(entry("c"))))
                await asyncio.sleep(0.02)
                assert not third.done()
            await third
            assert set(held.loaded()) == {"b", "c"}

    run(story())


def test_a_model_above_the_budget_is_refused_at_once() -> None:
    async def story() -> None:
        with pytest.raises(NoMemory, match="the budget is 5"):
            async with residents(FakeLoader(), 5).hold(entry("a")):
                pass

    run(story())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotFound("gone"), ModelNotFound),
        (BadInput("torn"), ModelUnavailable),
        (MemoryError(), NoMemory),
        (RuntimeError("?"), ModelUnavailable),
    ],
)
def test_a_failure_is_told_and_not_tried_again_at_once(
    error: Exception, told: type[Exception]
) -> None:
    async def story() -> None:
        loader = FakeLoader(error=error)
        held = residents(loader)
        for _ in range(5):
            with pytest.raises(told):
                async with held.hold(entry("a")):
                    pass
        assert len(loader.loads) == 1
        loader.error = None
        held.failures.now = lambda: time.monotonic() + 10  # the while has passed
        async with held.hold(entry("a")):
            pass

    run(story())


def test_so_many_failures_are_kept_and_no_more() -> None:
    failures = Failures()
    for number in range(MAX_KEPT + 5):
        failures.note(str(number), ModelUnavailable("torn"))
    failures.refuse("4")  # forgotten
    for kept in ("5", str(MAX_KEPT + 4)):
        with pytest.raises(ModelUnavailable):
            failures.refuse(kept)


def test_a_failed_load_takes_no_memory() -> None:
    async def story() -> None:
        loader = FakeLoader(error=BadInput("torn"), need_bytes=20)
        held = residents(loader)
        with pytest.raises(ModelUnavailable):
            async with held.hold(entry("a")):
                pass
        loader.error = None
        async with held.hold(entry("b")):
            pass

    run(story())


def test_an_engine_that_ended_is_let_go_and_loaded_again_later() -> None:
    async def story() -> None:
        loader = FakeLoader()
        held = residents(loader)
        async with held.hold(entry("a")):
            pass
        loader.alive = False
        with pytest.raises(ModelUnavailable, match="ended by itself"):
            async with held.hold(entry("a")):
                pass
        assert loader.closed == 1
        held.failures.now = lambda: time.monotonic() + 10
        async with held.hold(entry("a")):
            assert len(loader.loads) == 2

    run(story())


def test_what_nobody_uses_is_let_go_after_a_while() -> None:
    async def story() -> None:
        loader = FakeLoader()
        held = residents(loader, idle_seconds=0.01)
        async with held.hold(entry("a")):
            await asyncio.sleep(0.02)
            await held.let_idle_go()
            assert loader.closed == 0
        await asyncio.sleep(0.02)
        await held.let_idle_go()
        assert loader.closed == 1 and not held.loaded()

    run(story())


def test_no_more_wait_for_one_model_than_may() -> None:
    async def story() -> None:
        held = residents(FakeLoader(seconds=0.05), max_waiting=2)

        async def ask() -> str:
            try:
                async with held.hold(entry("a")):
                    return "served"
            except TooManyRequests:
                return "refused"

        told = await asyncio.gather(*(ask() for _ in range(5)))
        assert sorted(told) == ["refused"] * 3 + ["served"] * 2

    run(story())


def test_who_leaves_while_it_loads_leaves_nothing_behind() -> None:
    async def story() -> None:
        loader = FakeLoader(seconds=0.02)
        held = residents(loader)

        async def ask() -> None:
            async with held.hold(entry("a")):
                pass

        leaving = asyncio.create_task(ask())
        await asyncio.sleep(0.005)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        async with held.hold(entry("a")):
            assert len(loader.loads) == 1
        await held.close()
        assert loader.in_memory == 0

    run(story())


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 4)), max_size=25))
def test_any_schedule_stays_within_the_budget(asked: list[tuple[str, int]]) -> None:
    async def story() -> None:
        loader = FakeLoader()
        held = residents(loader, 30, room_seconds=5)
        most = 0

        async def ask(name: str, turns: int) -> None:
            nonlocal most
            async with held.hold(entry(name)) as loaded:
                most = max(most, loader.in_memory)
                for _ in range(turns):
                    await asyncio.sleep(0)
                assert any(loaded is each for each in held.loaded().values())

        await asyncio.gather(*(ask(name, turns) for name, turns in asked))
        assert most <= 3
        await held.close()
        assert loader.in_memory == 0 and held._reserved_bytes == 0

    run(story())
