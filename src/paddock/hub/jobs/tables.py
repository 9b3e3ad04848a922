"""Rows of the queue: jobs, and when periodic work is next due."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

KIND_CHARS = 60
UNIQUE_KEY_CHARS = 250

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(KIND_CHARS), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("unique_key", String(UNIQUE_KEY_CHARS)),
    # "waiting" | "running" | "done" | "failed" | "cancelled"
    Column("state", String(9), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),  # counted when an attempt begins
    Column("not_before", Moment, nullable=False),
    Column("worker", String(120)),  # who runs it, while it is running
    Column("lease_until", Moment),  # a job whose worker let this pass is taken again
    Column("last_error", Text),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),  # the last attempt
    Column("finished_at", Moment),
    Index(None, "state", "kind", "not_before", "id"),
    Index(None, "kind", "unique_key"),
    Index(None, "state", "finished_at"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# One row for each kind of periodic work: whoever moves ``next_at`` on enqueues the job.
job_schedules = Table(
    "job_schedules",
    metadata,
    Column("kind", String(KIND_CHARS), primary_key=True),
    Column("next_at", Moment, nullable=False),
)
