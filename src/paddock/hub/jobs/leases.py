"""Jobs taken out of the queue: who runs one, until when, and how it ended.

Knows rows; runs nothing. A job belongs to the worker that took it until its lease ends. Every
change to a taken job names the worker and the attempt, so one that lost its lease changes nothing.
An attempt counts from its beginning: a job that kills its worker each time fails in the end.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from paddock.hub.jobs.backoff import MAX_ATTEMPTS
from paddock.hub.jobs.tables import jobs
from paddock.storage.columns import Moment

MAX_ERROR_CHARS = 2000


_EXPIRED = sa.select(jobs.c.kind).where(
    jobs.c.state == "running", jobs.c.lease_until < sa.bindparam("moment", type_=Moment)
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that a worker has taken."""

    id: int
    kind: str
    payload: dict[str, Any] = field(compare=False)
    attempts: int  # this one included
    worker: str


@dataclass(frozen=True, slots=True)
class Look:
    """What waits: the earliest moment of each kind, and kinds with a job whose worker died."""

    due: dict[str, datetime]
    abandoned: frozenset[str]


def look(conn: sa.Connection, kinds: Collection[str], moment: datetime) -> Look:
    """One cheap read, however much waits: each kind is one step into an index."""
    if not kinds:
        return Look({}, frozenset())
    due = {kind: at for kind, at in conn.execute(_earliest(tuple(kinds))) if at is not None}
    expired = conn.execute(_EXPIRED, {"moment": moment}).scalars()
    return Look(due, frozenset(expired) & frozenset(kinds))


def is_any_running(conn: sa.Connection) -> bool:
    """Whether any worker has a job in hand."""
    running = sa.select(jobs.c.id).where(jobs.c.state == "running").limit(1)
    return conn.execute(running).first() is not None


def take(
    conn: sa.Connection, kind: str, worker: str, moment: datetime, lease: timedelta
) -> Job | None:
    """The job of this kind that is due the longest, now this worker's; None when others have it."""
    waiting = (
        sa.select(jobs.c.id)
        .where(jobs.c.state == "waiting", jobs.c.kind == kind, jobs.c.not_before <= moment)
        .order_by(jobs.c.not_before, jobs.c.id)
    )
    found = conn.execute(waiting.limit(1).with_for_update(skip_locked=True)).scalar_one_or_none()
    return None if found is None else _begin(conn, found, worker, moment, lease)


def take_abandoned(
    conn: sa.Connection, kind: str, worker: str, moment: datetime, lease: timedelta
) -> Job | None:
    """A job of this kind whose worker let its lease end; one that did so too often fails."""
    expired = (
        sa.select(jobs.c.id, jobs.c.attempts)
        .where(jobs.c.state == "running", jobs.c.kind == kind, jobs.c.lease_until < moment)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = conn.execute(expired).one_or_none()
    if row is None:
        return None
    if row.attempts < MAX_ATTEMPTS:
        return _begin(conn, row.id, worker, moment, lease)
    reason = f"its worker stopped in the middle of attempt {row.attempts}, the last one"
    _end(conn, jobs.c.id == row.id, "failed", moment, reason)
    return None


def renew(
    conn: sa.Connection, taken: Sequence[Job], moment: datetime, lease: timedelta
) -> frozenset[int]:
    """Keep these jobs for longer; the ids of those that are still ours."""
    renewed: set[int] = set()
    for job in taken:
        change = jobs.update().where(_mine(job)).values(lease_until=moment + lease)
        if conn.execute(change).rowcount:
            renewed.add(job.id)
    return frozenset(renewed)


def finish(conn: sa.Connection, job: Job, moment: datetime) -> None:
    """It is done."""
    _end(conn, _mine(job), "done", moment, None)


def fail(conn: sa.Connection, job: Job, moment: datetime, reason: str) -> None:
    """It is not tried again, unless a person says so."""
    _end(conn, _mine(job), "failed", moment, reason)


def retry_later(conn: sa.Connection, job: Job, at: datetime, reason: str) -> None:
    """It waits for its next attempt."""
    _wait(conn, job, attempts=job.attempts, not_before=at, last_error=reason[:MAX_ERROR_CHARS])


def give_back(conn: sa.Connection, job: Job, moment: datetime) -> None:
    """It waits as if this attempt had not been made."""
    _wait(conn, job, attempts=job.attempts - 1, not_before=moment)


def _begin(
    conn: sa.Connection, job_id: int, worker: str, moment: datetime, lease: timedelta
) -> Job:
    change = (
        jobs.update()
        .where(jobs.c.id == job_id)
        .values(
            state="running",
            attempts=jobs.c.attempts + 1,
            worker=worker,
            lease_until=moment + lease,
            started_at=moment,
            finished_at=None,
        )
        .returning(jobs.c.id, jobs.c.kind, jobs.c.payload, jobs.c.attempts, jobs.c.worker)
    )
    return Job(*conn.execute(change).one())


def _end(
    conn: sa.Connection,
    which: sa.ColumnElement[bool],
    state: str,
    moment: datetime,
    reason: str | None,
) -> None:
    values: dict[str, Any] = {"state": state, "lease_until": None, "finished_at": moment}
    if reason is not None:
        values["last_error"] = reason[:MAX_ERROR_CHARS]
    conn.execute(jobs.update().where(which).values(values))


def _wait(conn: sa.Connection, job: Job, **values: Any) -> None:
    change = jobs.update().where(_mine(job))
    conn.execute(change.values(state="waiting", worker=None, lease_until=None, **values))


def _mine(job: Job) -> sa.ColumnElement[bool]:
    return sa.and_(
        jobs.c.id == job.id,
        jobs.c.state == "running",
        jobs.c.worker == job.worker,
        jobs.c.attempts == job.attempts,
    )


@functools.lru_cache(maxsize=16)  # asked every second, and long to put together
def _earliest(kinds: tuple[str, ...]) -> sa.CompoundSelect[Any]:
    def one(kind: str) -> sa.Select[Any]:
        # Not min(): without statistics PostgreSQL would read all that waits to find it.
        earliest = (
            sa.select(jobs.c.not_before)
            .where(jobs.c.state == "waiting", jobs.c.kind == kind)
            .order_by(jobs.c.not_before)
            .limit(1)
        )
        return sa.select(sa.literal(kind).label("kind"), earliest.scalar_subquery().label("at"))

    return sa.union_all(*(one(kind) for kind in kinds))
