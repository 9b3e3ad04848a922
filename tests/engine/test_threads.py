"""The engine's own thread: it wakes, sleeps, drains and stops, whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from paddock.engine.engine import Engine
from paddock.engine.errors import EngineStopped
from paddock.engine.options import EngineOptions
from paddock.engine.request import Finish, Output
from tests.engine.driving import asking, check_nothing_is_held
from tests.fakes.block_model import BlockModel, answer_alone

PATIENCE_SECONDS = 60


class Ends:
    """Waits for requests to end."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.tokens: dict[str, list[int]] = {}
        self.finish: dict[str, Finish] = {}
        self.ends = 0

    def __call__(self, outputs: list[Output]) -> None:
        with self.changed:
            for output in outputs:
                self.tokens.setdefault(output.request_id, []).extend(output.token_ids)
                if output.finish is not None:
                    self.ends += 1
                    self.finish[output.request_id] = output.finish
            self.changed.notify_all()

    def wait(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.finish) >= count, PATIENCE_SECONDS)


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.fixture
def engine(ends: Ends) -> Iterator[Engine]:
    engine = Engine(BlockModel(), EngineOptions(blocks=64, max_sequences=8, max_waiting=500), ends)
    engine.start()
    yield engine
    engine.stop()


def test_many_threads_ask_and_give_up_at_the_same_time(engine: Engine, ends: Ends) -> None:
    def client(number: int) -> None:
        for turn in range(12):
            request = asking(f"{number}-{turn}", [number, turn, 1], 12, user=str(number))
            engine.submit(request)
            if turn % 3 == 0:
                engine.cancel(request.id)
            if turn == 5:
                engine.put_adapter(f"adapter {number}", number)
                engine.drop_adapter(f"adapter {number}")

    clients = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    ends.wait(96)
    for name, finish in ends.finish.items():
        number, turn = map(int, name.split("-"))
        if finish is not Finish.CANCELLED:
            alone = answer_alone(asking(name, [number, turn, 1], 12))
            assert ends.tokens[name] == alone.token_ids
    check_nothing_is_held(engine)


def test_an_idle_engine_makes_no_step_and_wakes_for_a_request(engine: Engine, ends: Ends) -> None:
    engine.submit(asking("first", [1], 3))
    ends.wait(1)
    steps = engine.stats().counters.steps
    assert steps == 3
    engine.submit(asking("second", [2], 3))
    ends.wait(2)
    assert engine.stats().counters.steps == 6


def test_draining_finishes_what_is_in_hand_and_takes_no_more(engine: Engine, ends: Ends) -> None:
    engine.submit(asking("long", [1], 300))
    assert engine.drain(PATIENCE_SECONDS)
    assert ends.finish == {"long": Finish.LENGTH}
    with pytest.raises(EngineStopped, match="stopping"):
        engine.submit(asking("late", [1]))


def test_stopping_ends_what_is_left_and_closes_the_runner(ends: Ends) -> None:
    runner = BlockModel()
    engine = Engine(runner, EngineOptions(blocks=256, max_sequences=2), ends)
    for number in range(5):
        engine.submit(asking(f"r{number}", [number], 4000))
    engine.start()
    assert not engine.drain(0.0)
    engine.stop()
    engine.stop()
    assert runner.is_closed
    assert set(ends.finish.values()) == {Finish.ERROR}
    assert len(ends.finish) == 5
    check_nothing_is_held(engine)
    with pytest.raises(EngineStopped):
        engine.submit(asking("late", [1]))
    with pytest.raises(EngineStopped):
        engine.put_adapter("late", 1)


def test_an_engine_can_be_stopped_from_where_its_outputs_arrive() -> None:
    ends = Ends()

    def arrived(outputs: list[Output]) -> None:
        engine.stop()
        ends(outputs)

    engine = Engine(BlockModel(), EngineOptions(blocks=64), arrived)
    engine.start()
    engine.submit(asking("r", [1], 900))
    ends.wait(1)
    engine.stop()
    assert ends.finish == {"r": Finish.ERROR}


def test_a_receiver_that_fails_stops_nobody(ends: Ends) -> None:
    def arrived(outputs: list[Output]) -> None:
        ends(outputs)
        raise ValueError("told to fail")

    engine = Engine(BlockModel(), EngineOptions(blocks=64), arrived)
    engine.start()
    engine.submit(asking("r", [1], 5))
    ends.wait(1)
    assert ends.finish == {"r": Finish.LENGTH}
    engine.stop()


def test_a_fault_of_our_own_ends_every_request_once(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = BlockModel()
    engine = Engine(runner, EngineOptions(blocks=64), ends)
    for name in ("given up", "left", "waiting"):
        engine.submit(asking(name, [1], 9))
    engine.cancel("given up")

    def fail() -> None:
        raise RuntimeError("told to fail")

    monkeypatch.setattr(engine._scheduler, "plan", fail)
    engine.start()
    ends.wait(3)
    engine.stop()
    assert ends.finish == {
        "given up": Finish.CANCELLED, "left": Finish.ERROR, "waiting": Finish.ERROR,
    }  # fmt: skip
    assert ends.ends == 3
    assert runner.is_closed
