"""A worker: takes jobs out of the queue and runs each in a thread, until it is told to stop.

Knows fairness and leases; does not know what a job does. One thread looks, takes and renews; idle,
it reads once a second and writes nothing. Of the kinds that have something to do the one that runs
least and was served longest ago comes first, and where there are several threads no kind may have
them all: a kind that hangs or floods the queue delays the others and never stops them.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from paddock import clock
from paddock.errors import Unavailable
from paddock.hub.context import Hub
from paddock.hub.jobs import handlers, leases, schedules
from paddock.hub.jobs.attempts import attempt
from paddock.hub.jobs.leases import Job
from paddock.hub.jobs.queue import BELL
from paddock.hub.jobs.stopping import asked_to_stop
from paddock.log import get_logger

log = get_logger("hub")

LEASE_SECONDS = 120.0
RENEWALS_PER_LEASE = 4
POLL_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 5.0  # the database is away, or locked
GRACE_SECONDS = 8.0  # less than the ten that a container is given before it is killed


class Worker:
    """See the module; ``kinds`` None is every kind that has a handler."""

    def __init__(
        self,
        hub: Hub,
        *,
        kinds: Collection[str] | None = None,
        threads: int = 1,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._hub = hub
        self._handlers = handlers.load_handlers()
        self._kinds = sorted(self._handlers if kinds is None else kinds)
        periods = handlers.load_periods()
        self._periods = {kind: periods[kind] for kind in self._kinds if kind in periods}
        self._threads = threads
        self._lease = timedelta(seconds=lease_seconds)
        self.name = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._stopping = threading.Event()
        self._running: set[Job] = set()  # changed under the lock
        self._lock = threading.Lock()
        self._served: Counter[str] = Counter()  # in which turn each kind was served last
        self._renew_at = self._look_at_turns_at = 0.0  # time.monotonic()
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work, in the background."""
        self._thread.start()

    def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Take nothing more, wait for what runs, and give back what does not end in time."""
        deadline = time.monotonic() + grace_seconds
        self._stopping.set()
        BELL.ring()
        if self._thread.ident is not None:
            self._thread.join(grace_seconds)
        while (left := deadline - time.monotonic()) > 0:
            heard = BELL.count
            if not self._taken():
                break
            BELL.wait(heard, left)
        for job in self._taken():
            log.warning("a job was given back unfinished", job_id=job.id, kind=job.kind)
            with suppress(Unavailable), self._hub.database.write() as conn:
                leases.give_back(conn, job, clock.now())

    def take(self) -> Job | None:
        """The job whose turn it is, if one is due, and this worker's from now on."""
        moment = clock.now()
        with self._hub.database.read() as conn:
            seen = leases.look(conn, self._kinds, moment)
        due = {kind for kind, at in seen.due.items() if at <= moment}
        for kind in self._in_turn(due | seen.abandoned):
            with self._hub.database.write() as conn:
                wanted = (conn, kind, self.name, moment, self._lease)
                job = leases.take_abandoned(*wanted) if kind in seen.abandoned else None
                job = job or leases.take(*wanted)
            if job is not None:
                self._served[kind] = max(self._served.values(), default=0) + 1
                return job
        return None

    def perform(self, job: Job) -> None:
        """Run a job that was taken, here and now."""
        asked_to_stop.set(self._stopping)
        with self._lock:
            self._running.add(job)
        try:
            attempt(self._hub, self._handlers[job.kind], job)
        finally:
            with self._lock:
                self._running.discard(job)
            BELL.ring()  # there is a free thread, and whoever waits for the end learns of it

    def sees_work(self) -> bool:
        """Whether at this moment a job is due or runs, here or elsewhere."""
        moment = clock.now()
        with self._hub.database.read() as conn:  # one look: what ends may leave something to do
            due = leases.look(conn, self._kinds, moment).due.values()
            return any(at <= moment for at in due) or leases.is_any_running(conn)

    def take_due_turns(self) -> None:
        """Let periodic work that is due become jobs."""
        moment = clock.now()
        with self._hub.database.read() as conn:
            turns = schedules.next_turns(conn, self._periods)
        if self._periods.keys() - turns.keys():
            with self._hub.database.write() as conn:
                schedules.add_missing(conn, self._periods, moment)
        for kind, at in turns.items():
            if at <= moment:
                with self._hub.database.write() as conn:
                    schedules.take_turn(conn, kind, at, moment, self._periods[kind])

    def _loop(self) -> None:
        while not self._stopping.is_set():
            heard = BELL.count
            try:
                wait_seconds = self._step()
            except Unavailable as e:
                log.warning("the queue cannot be reached", reason=e.message)
                wait_seconds = AFTER_FAILURE_SECONDS
            except Exception:  # the thread must not end: nobody would start another
                log.exception("the worker stumbled")
                wait_seconds = AFTER_FAILURE_SECONDS
            if wait_seconds and not self._stopping.is_set():
                BELL.wait(heard, wait_seconds)

    def _step(self) -> float:
        """Do what is due; the answer is how long there is nothing to do."""
        now = time.monotonic()
        if now >= self._renew_at:
            self._renew_at = now + self._lease.total_seconds() / RENEWALS_PER_LEASE
            self._renew()
        if now >= self._look_at_turns_at:
            self._look_at_turns_at = now + POLL_SECONDS
            self.take_due_turns()
        pause_seconds = min(POLL_SECONDS, self._renew_at - now)
        if len(self._taken()) >= self._threads:
            return pause_seconds
        job = self.take()
        if job is None:
            return pause_seconds
        with self._lock:
            self._running.add(job)
        threading.Thread(target=self.perform, args=[job], name=f"job-{job.id}", daemon=True).start()
        return 0

    def _renew(self) -> None:
        taken = self._taken()
        if not taken:
            return
        with self._hub.database.write() as conn:
            kept = leases.renew(conn, taken, clock.now(), self._lease)
        for job in taken:
            if job.id not in kept:
                log.warning("a running job is no longer ours", job_id=job.id, kind=job.kind)

    def _in_turn(self, kinds: Collection[str]) -> list[str]:
        """The kinds that may have a thread now, the neediest first."""
        running = Counter(job.kind for job in self._taken())
        most = max(1, self._threads - 1)
        allowed = [kind for kind in kinds if running[kind] < most]
        return sorted(allowed, key=lambda kind: (running[kind], self._served[kind], kind))

    def _taken(self) -> list[Job]:
        with self._lock:
            return list(self._running)


def run_until_empty(
    hub: Hub, *, kinds: Collection[str] | None = None, timeout_seconds: float = 60.0
) -> None:
    """Run everything that is due, and what follows from it, here and now; others may help.

    Raises TimeoutError. What waits for a later moment stays, and what is not of these kinds.
    """
    worker = Worker(hub, kinds=kinds)
    deadline = time.monotonic() + timeout_seconds
    while True:
        heard = BELL.count
        job = worker.take()
        if job is not None:
            worker.perform(job)
        elif not worker.sees_work():
            return
        elif time.monotonic() > deadline:
            raise TimeoutError("jobs were still running")
        else:
            BELL.wait(heard, 0.05)
