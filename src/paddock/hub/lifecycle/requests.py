"""Asking for a look at a repository's events, in the transaction that makes one necessary."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from paddock.hub.git import refs
from paddock.hub.jobs.queue import enqueue
from paddock.hub.lifecycle.tables import lifecycle_events
from paddock.hub.types import Kind, Repository
from paddock.signing.events.log import BRANCH

READ = "lifecycle.read"
STAGES = "lifecycle.stages"
EVENTS_REF = refs.BRANCHES + BRANCH


def read_later(conn: sa.Connection, repo: Repository, moved: set[str]) -> None:
    """Refs moved: the branch of events, or others of a repository that has events."""
    if repo.kind is Kind.MODEL and (EVENTS_REF in moved or has_events(conn, repo.id)):
        enqueue(conn, READ, {"repo_id": repo.id}, unique=str(repo.id))


def has_events(conn: sa.Connection, repo_id: int) -> bool:
    """Whether anything was ever announced."""
    query = sa.select(lifecycle_events.c.number).where(lifecycle_events.c.repo_id == repo_id)
    return conn.execute(query.limit(1)).first() is not None


def keep_to_stages_at(conn: sa.Connection, repo_id: int, moment: datetime) -> None:
    """Let a job look then which stage has begun."""
    enqueue(
        conn, STAGES, {"repo_id": repo_id}, not_before=moment,
        unique=f"{repo_id}:{moment.isoformat()}",
    )  # fmt: skip
