"""What is under way is bounded, and what goes wrong anywhere ends everything."""

from __future__ import annotations

import threading

import pytest

from paddock.checkpoint.convert.flow import Flow, Lane, Share


def test_who_takes_more_than_there_is_waits_until_it_is_given_back() -> None:
    flow = Flow(100)
    first = flow.take(60, 2)
    taken: list[Share] = []
    waiting = threading.Thread(target=lambda: taken.append(flow.take(50, 1)))
    waiting.start()
    first.done()  # one of two holders: the room is still theirs
    waiting.join(0.05)
    assert not taken
    first.done()
    waiting.join(10)
    assert taken


def test_a_piece_larger_than_everything_passes_alone() -> None:
    flow = Flow(100)
    large = flow.take(1000, 1)
    large.done()
    assert flow.take(10, 1)


def test_a_failure_wakes_the_reader_and_stops_the_others() -> None:
    flow, seen = Flow(10), list[int]()

    def work(item: int) -> None:
        seen.append(item)
        if item == 1:
            raise OSError("the disk is gone")

    lane = Lane(flow, work)
    flow.take(10, 1)
    for item in range(3):
        lane.put(item)
    with pytest.raises(OSError, match="the disk is gone"):
        flow.take(10, 1)  # would wait for ever: nobody gives back
    lane.close()
    lane.join()
    assert seen == [0, 1]


def test_a_failure_wakes_everybody_who_waits() -> None:
    flow = Flow(10)
    flow.take(10, 1)
    woken: list[BaseException] = []

    def wait() -> None:
        try:
            flow.take(10, 1)
        except OSError as e:
            woken.append(e)

    waiting = [threading.Thread(target=wait, daemon=True) for _ in range(3)]
    for thread in waiting:
        thread.start()
    while len(flow._changed._waiters) < 3:
        threading.Event().wait(0.001)
    flow.fail(OSError("the disk is gone"))
    for thread in waiting:
        thread.join(10)
    assert len(woken) == 3


def test_a_lane_keeps_the_order_and_ends_with_its_last_step() -> None:
    seen: list[object] = []
    lane = Lane[int](Flow(1), seen.append, lambda: seen.append("end"))
    for item in range(100):
        lane.put(item)
    lane.close()
    lane.join()
    assert seen == [*range(100), "end"]
