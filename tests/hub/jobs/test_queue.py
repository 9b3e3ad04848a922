"""What is promised to whoever enqueues."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.jobs.listing import Filters, list_jobs
from paddock.hub.jobs.queue import BELL, enqueue
from paddock.hub.jobs.worker import Worker, run_until_empty
from tests.hub.jobs.conftest import Register, put


def test_a_job_runs_with_its_payload_and_is_done(hub: Hub, handle: Register) -> None:
    seen: list[object] = []
    handle("a", seen.append)
    put(hub, "a", number=1, text="ü", nested=[{"x": None}])
    run_until_empty(hub)
    assert seen == [{"number": 1, "text": "ü", "nested": [{"x": None}]}]
    with hub.database.read() as conn:
        [job] = list_jobs(conn, Filters(), 10)
    assert (job.state, job.attempts, job.lease_until) == ("done", 1, None)
    assert job.finished_at is not None


def test_a_job_of_a_transaction_that_fails_never_was(hub: Hub, handle: Register) -> None:
    handle("a", lambda _: None)
    heard = BELL.count
    with pytest.raises(RuntimeError, match="changed"), hub.database.write() as conn:
        enqueue(conn, "a", {})
        raise RuntimeError("changed my mind")
    assert BELL.count == heard
    with hub.database.write() as conn:
        assert list_jobs(conn, Filters(), 10) == []
    assert BELL.count == heard  # and the next transaction of the connection does not ring for it


def test_a_unique_job_that_waits_is_not_added_again(hub: Hub, handle: Register) -> None:
    handle("a", lambda _: None)
    handle("b", lambda _: None)
    with hub.database.write() as conn:
        first = enqueue(conn, "a", {"n": 1}, unique="k")
        assert enqueue(conn, "a", {"n": 2}, unique="k") == first
        assert enqueue(conn, "a", {"n": 3}, unique="other") != first
        assert enqueue(conn, "b", {"n": 4}, unique="k") != first
        assert enqueue(conn, "a", {"n": 5}) != enqueue(conn, "a", {"n": 5})


def test_a_unique_job_that_runs_does_not_stand_for_one_to_come(hub: Hub, handle: Register) -> None:
    handle("a", lambda _: None)
    with hub.database.write() as conn:
        first = enqueue(conn, "a", {}, unique="k")
    worker = Worker(hub)
    job = worker.take()
    assert job is not None
    with hub.database.write() as conn:
        assert enqueue(conn, "a", {}, unique="k") != first


def test_a_waiting_job_is_not_started_before_the_change_that_counts_on_it_can_be_seen(
    hub: Hub, handle: Register
) -> None:
    """Else it would look, see nothing, and be done."""
    handle("a", lambda _: None)
    with hub.database.write() as conn:
        enqueue(conn, "a", {}, unique="k")
    taken: list[object] = []
    with hub.database.write() as conn:
        enqueue(conn, "a", {}, unique="k")
        thread = threading.Thread(target=lambda: taken.append(Worker(hub).take()))
        thread.start()
        thread.join(0.3)
        assert taken in ([], [None])
    thread.join(10)
    assert len(taken) == 1


def test_a_job_for_later_waits(hub: Hub, handle: Register) -> None:
    seen: list[object] = []
    handle("a", seen.append)
    with hub.database.write() as conn:
        enqueue(conn, "a", {"n": 2}, not_before=clock.now() + timedelta(hours=1))
        enqueue(conn, "a", {"n": 1}, not_before=clock.now() - timedelta(hours=1))
    run_until_empty(hub)
    assert seen == [{"n": 1}]


def test_jobs_of_a_kind_run_in_the_order_in_which_they_are_due(hub: Hub, handle: Register) -> None:
    seen: list[object] = []
    handle("a", lambda payload: seen.append(payload["n"]))
    for number in range(5):
        put(hub, "a", n=number)
    run_until_empty(hub)
    assert seen == [0, 1, 2, 3, 4]
