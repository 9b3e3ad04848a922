"""From the engine's thread to the event loop: in order, bounded, and cancelled by leaving."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from paddock.engine.errors import EngineFull
from paddock.engine.grammar.kinds import Choice
from paddock.engine.request import Finish, Output, Request
from paddock.serve import bridge
from paddock.serve.bridge import Bridge


class FakeEngine:
    """Takes requests; a test gives the outputs, from a thread of its own."""

    def __init__(self, on_outputs: Callable[[list[Output]], None]) -> None:
        self.on_outputs = on_outputs
        self.submitted: list[str] = []
        self.cancelled: list[str] = []
        self.finished: set[str] = set()
        self.error: Exception | None = None
        self.may_submit = threading.Event()
        self.may_submit.set()

    def submit(self, request: Request) -> None:
        self.may_submit.wait(10)
        if self.error is not None:
            raise self.error
        self.submitted.append(request.id)

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)

    def stop(self) -> None:
        left = [name for name in self.submitted if name not in self.finished]
        self.give(*(Output(name, finish=Finish.ERROR) for name in left))

    def give(self, *outputs: Output) -> None:
        self.finished |= {each.request_id for each in outputs if each.finish}
        thread = threading.Thread(target=self.on_outputs, args=[list(outputs)])
        thread.start()
        thread.join()


def made() -> tuple[Bridge, FakeEngine]:
    over = Bridge(FakeEngine)
    engine: Any = over.engine
    return over, engine


def request(name: str, **fields: Any) -> Request:
    return Request(name, (1, 2), 10, **fields)


def test_outputs_come_to_their_requests_in_order() -> None:
    async def story() -> None:
        over, engine = made()
        async with over.outputs(request("a")) as first, over.outputs(request("b")) as second:
            engine.give(Output("a", [1]), Output("b", [7]))
            engine.give(Output("a", [2], finish=Finish.LENGTH), Output("b", [8]))
            assert [token async for each in first for token in each.token_ids] == [1, 2]
            assert (await anext(second)).token_ids[0] == 7
        assert engine.cancelled == ["b"]
        assert not over._streams

    asyncio.run(story())


def test_one_wake_up_a_step_whatever_the_number_of_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        over, engine = made()
        loop, calls = asyncio.get_running_loop(), []
        async with over.outputs(request("a")), over.outputs(request("b")):
            original = loop.call_soon_threadsafe
            monkeypatch.setattr(
                loop, "call_soon_threadsafe", lambda *a: calls.append(a) or original(*a)
            )
            engine.give(Output("a", [1]), Output("b", [1]))
            assert len(calls) == 1

    asyncio.run(story())


def test_who_reads_too_slowly_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_BEHIND", "MAX_BEHIND_TOKENS"):
        if hasattr(bridge, name):
            monkeypatch.setattr(bridge, name, 5)

    async def story() -> None:
        over, engine = made()
        async with over.outputs(request("a")) as outputs:
            for number in range(50):
                engine.give(Output("a", [number]))
            await asyncio.sleep(0.01)
            last = [each async for each in outputs][-1]
            assert last.finish is Finish.CANCELLED
        assert "a" in engine.cancelled

    asyncio.run(story())


def test_what_is_in_hand_when_the_engine_is_stopped_is_cut_off_and_has_not_failed() -> None:
    async def story() -> None:
        over, engine = made()
        async with over.outputs(request("a")) as first, over.outputs(request("b")) as second:
            engine.give(Output("b", [1], finish=Finish.LENGTH))
            await asyncio.to_thread(over.close)
            cut = [each async for each in first][-1]
            assert (cut.finish, cut.error) == (Finish.CANCELLED, "the server is stopping")
            assert [each async for each in second][-1].finish is Finish.LENGTH

    asyncio.run(story())


def test_a_request_that_is_refused_leaves_nothing() -> None:
    async def story() -> None:
        over, engine = made()
        engine.error = EngineFull("full")
        with pytest.raises(EngineFull):
            async with over.outputs(request("a")):
                pass
        assert not over._streams

    asyncio.run(story())


def test_who_leaves_while_a_grammar_is_compiled_is_cancelled_once_it_is() -> None:
    async def story() -> None:
        over, engine = made()
        engine.may_submit.clear()

        async def ask() -> None:
            async with over.outputs(request("a", grammar=Choice(("x",)))):
                pass

        asking = asyncio.create_task(ask())
        await asyncio.sleep(0.02)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        engine.may_submit.set()
        while not engine.submitted:  # noqa: ASYNC110  (in another thread)
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        assert engine.cancelled[-1] == "a"

    asyncio.run(story())


def test_an_engine_that_speaks_after_the_loop_ended_is_not_heard() -> None:
    kept: list[FakeEngine] = []

    async def story() -> None:
        over, engine = made()
        kept.append(engine)
        async with over.outputs(request("a")):
            pass

    asyncio.run(story())
    kept[0].give(Output("a", [1]))
