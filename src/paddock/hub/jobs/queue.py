"""Putting jobs into the queue, in the transaction of the change that needs them.

Knows rows; does not know what a kind of job does. A job that was enqueued runs at least once after
the transaction has been committed, and never before.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.errors import PaddockError
from paddock.hub.jobs.tables import jobs
from paddock.storage.database import after_commit


class GiveUp(PaddockError):
    """A handler says that trying again cannot help: the job fails at once."""

    code = "job_given_up"


class Bell:
    """Wakes the workers of this process when a job was enqueued in it."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """How often it rang: taken before a look at the queue, so that no ring is missed."""
        return self._count

    def ring(self) -> None:
        with self._rung:
            self._count += 1
            self._rung.notify_all()

    def wait(self, heard: int, timeout_seconds: float) -> None:
        """Return when it rings, has rung since ``heard``, or after the time."""
        with self._rung:
            self._rung.wait_for(lambda: self._count != heard, timeout_seconds)


BELL = Bell()


def enqueue(
    conn: sa.Connection,
    kind: str,
    payload: dict[str, Any],
    *,
    not_before: datetime | None = None,
    unique: str | None = None,
) -> int:
    """The id of a new job, or of the waiting one of this kind that has the same ``unique`` key."""
    if unique is not None and (waiting := _find_waiting(conn, kind, unique)) is not None:
        return waiting
    moment = clock.now()
    row = {
        "kind": kind,
        "payload": payload,
        "unique_key": unique,
        "state": "waiting",
        "attempts": 0,
        "not_before": not_before or moment,
        "created_at": moment,
    }
    job_id: int = conn.execute(jobs.insert().values(row).returning(jobs.c.id)).scalar_one()
    after_commit(conn, BELL.ring)
    return job_id


def reschedule(conn: sa.Connection, kind: str, unique: str, at: datetime) -> None:
    """Let the waiting job of this kind and key be due then, whatever it waits for."""
    waiting = (jobs.c.kind == kind) & (jobs.c.unique_key == unique) & (jobs.c.state == "waiting")
    conn.execute(jobs.update().where(waiting).values(not_before=at))
    after_commit(conn, BELL.ring)


def _find_waiting(conn: sa.Connection, kind: str, unique: str) -> int | None:
    query = (
        sa.select(jobs.c.id)
        .where(jobs.c.kind == kind, jobs.c.unique_key == unique, jobs.c.state == "waiting")
        .limit(1)
        # No worker may start it before this transaction's changes can be seen; others who enqueue
        # the same need not wait.
        .with_for_update(read=True)
    )
    return conn.execute(query).scalar_one_or_none()
