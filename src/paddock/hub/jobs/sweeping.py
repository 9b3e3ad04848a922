"""Rows of jobs that ended long ago go.

Failed jobs are kept longer than those that went well: somebody may want to see why, and retry them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.jobs.tables import jobs

SWEEP = "jobs.sweep"
KEPT = {
    "done": timedelta(days=1),
    "cancelled": timedelta(days=30),
    "failed": timedelta(days=30),
}
ROWS_PER_TRANSACTION = 1000

every(3600)(SWEEP)


@handler(SWEEP)
def sweep(hub: Hub, payload: dict[str, Any]) -> None:
    """Delete what is old, a little at a time: other writers get their turn in between."""
    for state, kept in KEPT.items():
        old = (
            sa.select(jobs.c.id)
            .where(jobs.c.state == state, jobs.c.finished_at < clock.now() - kept)
            .limit(ROWS_PER_TRANSACTION)
        )
        deleted = ROWS_PER_TRANSACTION
        while deleted == ROWS_PER_TRANSACTION:
            stop_here_if_asked()
            with hub.database.write() as conn:
                delete = jobs.delete().where(jobs.c.id.in_(old), jobs.c.state == state)
                deleted = conn.execute(delete).rowcount
