"""Periodic work: when a kind is due again, it becomes a job, once for all servers of a hub.

Knows when; does not know what is done. The moments are rows, so a restart neither forgets a turn
nor takes one twice; turns that were missed while nothing ran are made up for by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from paddock.hub.jobs.queue import enqueue
from paddock.hub.jobs.tables import job_schedules
from paddock.storage.sql import insert_ignore


def next_turns(conn: sa.Connection, kinds: Mapping[str, timedelta]) -> dict[str, datetime]:
    """When each of these kinds is due; a kind that was never scheduled is absent."""
    query = sa.select(job_schedules.c.kind, job_schedules.c.next_at)
    return {kind: at for kind, at in conn.execute(query) if kind in kinds}


def add_missing(conn: sa.Connection, kinds: Mapping[str, timedelta], moment: datetime) -> None:
    """Let every kind have a next turn, the first after one period."""
    rows = [{"kind": kind, "next_at": moment + period} for kind, period in kinds.items()]
    insert_ignore(conn, job_schedules, rows)


def take_turn(
    conn: sa.Connection, kind: str, due_at: datetime, moment: datetime, period: timedelta
) -> None:
    """Enqueue the job of this turn, unless another server did."""
    following = due_at + period
    change = (
        job_schedules.update()
        .where(job_schedules.c.kind == kind, job_schedules.c.next_at == due_at)
        .values(next_at=following if following > moment else moment + period)
    )
    if conn.execute(change).rowcount == 1:
        enqueue(conn, kind, {}, unique=kind)
