"""Periodic work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.jobs import handlers
from paddock.hub.jobs.listing import Filters, list_jobs
from paddock.hub.jobs.tables import job_schedules, jobs
from paddock.hub.jobs.worker import Worker, run_until_empty
from tests.hub.jobs.conftest import Register


@pytest.fixture
def runs(handle: Register) -> Iterator[list[object]]:
    """What the work of every hour has done."""
    done: list[object] = []
    handle("hourly", done.append)
    handlers.every(3600)("hourly")
    yield done


def let_pass(hub: Hub, span: timedelta) -> None:
    with hub.database.write() as conn:
        [(_, at)] = conn.execute(job_schedules.select()).all()
        conn.execute(job_schedules.update().values(next_at=at - span))


def jobs_in(hub: Hub) -> int:
    with hub.database.read() as conn:
        return len(list_jobs(conn, Filters(), 100))


def test_a_new_kind_has_its_first_turn_after_one_period(hub: Hub, runs: list[object]) -> None:
    worker = Worker(hub)
    worker.take_due_turns()
    worker.take_due_turns()
    assert jobs_in(hub) == 0
    let_pass(hub, timedelta(hours=1))
    worker.take_due_turns()
    worker.take_due_turns()
    run_until_empty(hub)
    assert runs == [{}]


def test_many_servers_take_a_turn_once(hub: Hub, runs: list[object]) -> None:
    workers = [Worker(hub) for _ in range(6)]
    workers[0].take_due_turns()
    let_pass(hub, timedelta(hours=1))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(Worker.take_due_turns, workers))
    assert jobs_in(hub) == 1


def test_turns_that_were_missed_are_made_up_for_by_one(hub: Hub, runs: list[object]) -> None:
    worker = Worker(hub)
    worker.take_due_turns()
    let_pass(hub, timedelta(days=7))
    for _ in range(3):
        worker.take_due_turns()
    assert jobs_in(hub) == 1
    with hub.database.read() as conn:
        [(_, at)] = conn.execute(job_schedules.select()).all()
    assert clock.now() < at <= clock.now() + timedelta(hours=1)


def test_a_turn_is_not_added_to_one_that_still_waits(hub: Hub, runs: list[object]) -> None:
    worker = Worker(hub)
    worker.take_due_turns()
    for _ in range(3):
        let_pass(hub, timedelta(hours=1))
        worker.take_due_turns()
    assert jobs_in(hub) == 1


def test_a_worker_that_does_not_do_the_kind_takes_no_turn(hub: Hub, runs: list[object]) -> None:
    Worker(hub).take_due_turns()
    let_pass(hub, timedelta(hours=1))
    Worker(hub, kinds=[]).take_due_turns()
    assert jobs_in(hub) == 0


def test_rows_of_jobs_that_ended_long_ago_go(hub: Hub) -> None:
    from paddock.hub.jobs.sweeping import sweep

    now = clock.now()
    with hub.database.write() as conn:
        for state, days in (
            ("done", 0), ("done", 2), ("failed", 2), ("failed", 31), ("cancelled", 31),
            ("waiting", 99), ("running", 99),
        ):  # fmt: skip
            at = now - timedelta(days=days)
            row = {"kind": f"{state} {days}", "payload": {}, "state": state, "attempts": 0}
            ended = at if state not in ("waiting", "running") else None
            moments = {"not_before": at, "created_at": at, "finished_at": ended}
            conn.execute(jobs.insert().values({**row, **moments}))
    sweep(hub, {})
    with hub.database.read() as conn:
        kept = {job.kind for job in list_jobs(conn, Filters(), 100)}
    assert kept == {"done 0", "failed 2", "waiting 99", "running 99"}
