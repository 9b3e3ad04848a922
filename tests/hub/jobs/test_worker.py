"""Workers: who gets which job, what becomes of one that fails, and of one whose worker dies."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from paddock import clock
from paddock.errors import NotFound
from paddock.hub.context import Hub
from paddock.hub.jobs import leases
from paddock.hub.jobs.backoff import MAX_ATTEMPTS
from paddock.hub.jobs.listing import Filters, JobRecord, get_job, list_jobs
from paddock.hub.jobs.queue import GiveUp
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.jobs.tables import jobs
from paddock.hub.jobs.worker import Worker, run_until_empty
from paddock.storage.database import Database
from tests.hub.jobs.conftest import Register, put


def job_of(hub: Hub, job_id: int) -> JobRecord:
    with hub.database.read() as conn:
        return get_job(conn, job_id)


def make_due(hub: Hub) -> None:
    """Let the time until the next attempt have passed, and the leases too."""
    past = clock.now() - timedelta(seconds=1)
    with hub.database.write() as conn:
        conn.execute(jobs.update().where(jobs.c.state == "waiting").values(not_before=past))
        conn.execute(jobs.update().where(jobs.c.state == "running").values(lease_until=past))


def wait_until(happened: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_many_workers_never_run_the_same_job_at_once(hub: Hub, handle: Register) -> None:
    ran: Counter[int] = Counter()
    lock = threading.Lock()

    def run(payload: dict[str, Any]) -> None:
        with lock:
            ran[payload["n"]] += 1

    handle("a", run)
    handle("b", run)
    for number in range(60):
        put(hub, "ab"[number % 2], n=number)
    # Databases of their own: as processes beside each other have.
    with_own = [Hub(Database(_url(hub)), hub.blobs, None) if n else hub for n in range(4)]
    workers = [Worker(each, threads=3) for each in with_own]
    for worker in workers:
        worker.start()
    wait_until(lambda: len(ran) == 60, 30)
    for worker in workers:
        worker.stop()
    assert set(ran.values()) == {1}
    with hub.database.read() as conn:
        assert {job.state for job in list_jobs(conn, Filters(), 100)} == {"done"}
    for each in with_own[1:]:
        each.database.dispose()


def _url(hub: Hub) -> str:
    return hub.database._writes.url.render_as_string(hide_password=False)


def test_a_job_that_fails_waits_longer_each_time_and_fails_in_the_end(
    hub: Hub, handle: Register
) -> None:
    def fail(_: dict[str, Any]) -> None:
        raise NotFound("it is not there")

    handle("a", fail)
    job_id = put(hub, "a")
    waits = []
    for attempt in range(1, MAX_ATTEMPTS):
        before = clock.now()
        run_until_empty(hub)
        job = job_of(hub, job_id)
        assert (job.state, job.attempts, job.last_error) == ("waiting", attempt, "it is not there")
        waits.append(job.not_before - before)
        make_due(hub)
    assert waits == sorted(waits)
    run_until_empty(hub)
    job = job_of(hub, job_id)
    assert (job.state, job.attempts) == ("failed", MAX_ATTEMPTS)
    assert job.finished_at is not None


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), MemoryError("no"), OSError])
def test_nothing_that_a_handler_raises_ends_the_worker(
    hub: Hub, handle: Register, error: BaseException
) -> None:
    def fail(_: dict[str, Any]) -> None:
        raise error

    seen: list[object] = []
    handle("a", fail)
    handle("b", seen.append)
    job_id = put(hub, "a")
    put(hub, "b")
    run_until_empty(hub)
    assert job_of(hub, job_id).state == "waiting"
    assert len(seen) == 1


def test_a_handler_can_give_up_at_once(hub: Hub, handle: Register) -> None:
    def give_up(_: dict[str, Any]) -> None:
        raise GiveUp("there is nothing to be done")

    handle("a", give_up)
    job_id = put(hub, "a")
    run_until_empty(hub)
    job = job_of(hub, job_id)
    assert (job.state, job.last_error) == ("failed", "there is nothing to be done")


def test_an_error_message_is_kept_whatever_is_in_it(hub: Hub, handle: Register) -> None:
    def fail(_: dict[str, Any]) -> None:
        raise ValueError("\0\ud800ü" + "x" * 100_000)

    handle("a", fail)
    job_id = put(hub, "a")
    run_until_empty(hub)
    error = job_of(hub, job_id).last_error or ""
    assert error.startswith("ValueError: \\0\\ud800üxxx")
    assert len(error) == leases.MAX_ERROR_CHARS


def test_a_job_that_kills_its_worker_each_time_does_not_loop_for_ever(
    hub: Hub, handle: Register
) -> None:
    handle("poison", lambda _: None)
    handle("other", lambda _: None)
    job_id = put(hub, "poison")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        job = Worker(hub).take()  # and the process dies
        assert job is not None
        assert job.attempts == attempt
        assert Worker(hub).take() is None  # while the lease lasts, it is nobody else's
        make_due(hub)
    assert Worker(hub).take() is None
    failed = job_of(hub, job_id)
    assert failed.state == "failed"
    assert "stopped in the middle" in (failed.last_error or "")


def test_a_worker_that_lost_its_job_changes_nothing(hub: Hub, handle: Register) -> None:
    handle("a", lambda _: None)
    job_id = put(hub, "a")
    slow, other = Worker(hub), Worker(hub)
    mine = slow.take()
    make_due(hub)
    theirs = other.take()
    assert mine is not None
    assert theirs is not None
    moment, lease = clock.now(), timedelta(minutes=1)
    with hub.database.write() as conn:
        assert leases.renew(conn, [mine, theirs], moment, lease) == {theirs.id}
        leases.fail(conn, mine, moment, "too late")
        leases.retry_later(conn, mine, moment, "too late")
        leases.give_back(conn, mine, moment)
        leases.finish(conn, mine, moment)
    assert job_of(hub, job_id).state == "running"
    assert job_of(hub, job_id).worker == other.name


def test_a_long_job_keeps_its_lease(hub: Hub, handle: Register) -> None:
    go_on = threading.Event()
    handle("long", lambda _: go_on.wait(20))
    job_id = put(hub, "long")
    worker = Worker(hub, threads=2, lease_seconds=0.6)
    worker.start()
    wait_until(lambda: job_of(hub, job_id).state == "running")
    time.sleep(1.5)  # more than two leases
    assert Worker(hub).take() is None
    go_on.set()
    wait_until(lambda: job_of(hub, job_id).state == "done")
    worker.stop()
    assert job_of(hub, job_id).attempts == 1


def test_a_kind_that_hangs_leaves_a_thread_to_the_others(hub: Hub, handle: Register) -> None:
    go_on = threading.Event()
    seen: list[object] = []
    handle("hangs", lambda _: go_on.wait(20))
    handle("quick", seen.append)
    for number in range(5):
        put(hub, "hangs", n=number)
    worker = Worker(hub, threads=2)
    worker.start()
    try:
        put(hub, "quick")
        wait_until(lambda: len(seen) == 1)
    finally:
        go_on.set()
        worker.stop()


def test_kinds_take_turns_however_much_there_is_of_one(hub: Hub, handle: Register) -> None:
    order: list[str] = []
    for kind in ("a", "b", "c"):
        handle(kind, lambda _, kind=kind: order.append(kind))
    for number in range(20):
        put(hub, "a", n=number)
    put(hub, "b")
    put(hub, "c")
    run_until_empty(hub)
    assert sorted(order[:3]) == ["a", "b", "c"]
    assert order[3:] == ["a"] * 19


def test_a_worker_does_only_the_kinds_it_was_given(hub: Hub, handle: Register) -> None:
    handle("a", lambda _: None)
    handle("b", lambda _: None)
    put(hub, "a")
    worker = Worker(hub, kinds=["b"])
    assert worker.take() is None
    put(hub, "b")
    job = worker.take()
    assert job is not None
    assert job.kind == "b"


def test_a_worker_that_stops_finishes_what_it_has(hub: Hub, handle: Register) -> None:
    handle("a", lambda _: time.sleep(0.4))
    job_id = put(hub, "a")
    worker = Worker(hub)
    worker.start()
    wait_until(lambda: job_of(hub, job_id).state == "running")
    put(hub, "a")
    worker.stop()
    with hub.database.read() as conn:
        assert [job.state for job in list_jobs(conn, Filters(), 9)] == ["waiting", "done"]


def test_a_worker_that_stops_gives_back_what_does_not_end_and_the_attempt_does_not_count(
    hub: Hub, handle: Register
) -> None:
    go_on = threading.Event()
    handle("a", lambda _: go_on.wait(20))
    job_id = put(hub, "a")
    worker = Worker(hub)
    worker.start()
    wait_until(lambda: job_of(hub, job_id).state == "running")
    worker.stop(grace_seconds=0.1)
    job = job_of(hub, job_id)
    assert (job.state, job.attempts, job.worker) == ("waiting", 0, None)
    go_on.set()
    wait_until(lambda: not worker._taken())
    assert job_of(hub, job_id).state == "waiting"  # its end came too late to be noted


def test_a_long_job_that_asks_is_told_to_stop_and_goes_back(hub: Hub, handle: Register) -> None:
    def count_for_ever(_: dict[str, Any]) -> None:
        while True:
            stop_here_if_asked()
            time.sleep(0.01)

    handle("a", count_for_ever)
    job_id = put(hub, "a")
    worker = Worker(hub)
    worker.start()
    wait_until(lambda: job_of(hub, job_id).state == "running")
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < 5
    job = job_of(hub, job_id)
    assert (job.state, job.attempts) == ("waiting", 0)


def test_a_job_is_taken_up_as_soon_as_it_is_enqueued_in_the_same_process(
    hub: Hub, handle: Register
) -> None:
    seen = threading.Event()
    handle("a", lambda _: seen.set())
    worker = Worker(hub)
    worker.start()
    time.sleep(0.3)  # idle by now, until the next look in a second
    started = time.monotonic()
    put(hub, "a")
    assert seen.wait(5)
    assert time.monotonic() - started < 0.5
    worker.stop()


def test_an_idle_worker_writes_nothing(hub: Hub, handle: Register) -> None:
    handle("a", lambda _: None)
    worker = Worker(hub)
    worker.start()
    time.sleep(0.2)
    with hub.database.write() as conn:  # on SQLite, the only writer there may be
        conn.execute(jobs.delete())
        time.sleep(1.5)
        assert worker._thread.is_alive()
    worker.stop()


def test_a_worker_outlives_the_database(hub: Hub, handle: Register) -> None:
    seen = threading.Event()
    handle("a", lambda _: seen.set())
    worker = Worker(hub)
    real, calls = worker.take, iter(range(10))

    def take() -> leases.Job | None:
        if next(calls) == 0:
            raise OSError("the disk went away")
        return real()

    worker.take = take
    worker.start()
    put(hub, "a")
    assert seen.wait(10)
    worker.stop()
