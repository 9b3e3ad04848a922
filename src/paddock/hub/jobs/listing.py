"""What is in the queue, for people: listed, counted, retried, cancelled.

Knows rows; runs nothing. A job that is cancelled while it runs is not stopped in its middle: it is
not tried again, and its end is not noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Conflict, NotFound, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.jobs.queue import BELL
from paddock.hub.jobs.tables import jobs
from paddock.storage.database import after_commit

STATES = ("waiting", "running", "failed", "done", "cancelled")
MAX_ID = 2**63 - 1
_RETRIED = ("failed", "cancelled", "waiting")
_CANCELLED = ("waiting", "running", "failed")


class JobNotFound(NotFound):
    """No job has this number; those that are done are forgotten after a while."""

    code = "job_not_found"


class WrongJobState(Conflict):
    """What was asked for makes no sense for a job in its present state."""

    code = "wrong_job_state"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as a person sees it."""

    id: int
    kind: str
    payload: dict[str, Any]
    unique_key: str | None
    state: str
    attempts: int
    not_before: datetime
    worker: str | None
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Filters(NamedTuple):
    """Which jobs to list; ``before`` is the number after the last one already seen."""

    state: str | None = None
    kind: str | None = None
    before: int | None = None


class QueueFigure(NamedTuple):
    """How many jobs of a kind are in a state; of those that wait, since when the first is due."""

    state: str
    kind: str
    jobs: int
    due_since: datetime | None


def list_jobs(conn: sa.Connection, filters: Filters, limit: int) -> list[JobRecord]:
    """The newest first; raises BadInput for an unknown state."""
    if filters.state is not None and filters.state not in STATES:
        raise BadInput(
            f"no job is in state {shown(filters.state)}", hint=f"use one of {', '.join(STATES)}"
        )
    query = sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    if filters.state is not None:
        query = query.where(jobs.c.state == filters.state)
    if filters.kind is not None:
        if not filters.kind.isprintable():
            return []
        query = query.where(jobs.c.kind == filters.kind)
    if filters.before is not None:
        query = query.where(jobs.c.id < filters.before)
    return [JobRecord(**row) for row in conn.execute(query).mappings()]


def get_job(conn: sa.Connection, job_id: int) -> JobRecord:
    """The job of this number; raises JobNotFound."""
    query = sa.select(jobs).where(jobs.c.id == job_id)
    row = conn.execute(query).mappings().one_or_none() if 0 < job_id <= MAX_ID else None
    if row is None:
        raise JobNotFound(f"there is no job {shown(job_id)}")
    return JobRecord(**row)


def retry_job(conn: sa.Connection, job_id: int) -> JobRecord:
    """Let it be tried now, with all its attempts; raises JobNotFound, WrongJobState."""
    values = {"state": "waiting", "attempts": 0, "not_before": clock.now(), "finished_at": None}
    job = _change(conn, job_id, _RETRIED, "be retried", values)
    after_commit(conn, BELL.ring)
    note(conn, Act.JOB, job=job_id, kind=job.kind, what="retry")
    return job


def cancel_job(conn: sa.Connection, job_id: int) -> JobRecord:
    """Let it not be tried (again); raises JobNotFound, WrongJobState."""
    values = {"state": "cancelled", "finished_at": clock.now(), "lease_until": None}
    job = _change(conn, job_id, _CANCELLED, "be cancelled", values)
    note(conn, Act.JOB, job=job_id, kind=job.kind, what="cancel")
    return job


def queue_figures(conn: sa.Connection) -> list[QueueFigure]:
    """How much there is of every kind in every state."""
    columns = jobs.c.state, jobs.c.kind
    query = sa.select(*columns, sa.func.count(), sa.func.min(jobs.c.not_before)).group_by(*columns)
    return [
        QueueFigure(state, kind, number, due if state == "waiting" else None)
        for state, kind, number, due in conn.execute(query)
    ]


def _change(
    conn: sa.Connection, job_id: int, states: Sequence[str], to: str, values: dict[str, Any]
) -> JobRecord:
    job = get_job(conn, job_id)
    change = jobs.update().where(jobs.c.id == job_id, jobs.c.state.in_(states))
    if conn.execute(change.values(values)).rowcount == 0:
        raise WrongJobState(f"job {job_id} is {job.state} and cannot {to}")
    return get_job(conn, job_id)
