"""Asking for a repository's sweep, where refs let go of something.

Knows which moves of a ref may leave commits behind; does not sweep.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from paddock.hub.jobs.queue import enqueue
from paddock.hub.tables import commits

SWEEP_REPOSITORY = "sweep_repository"


def request_sweep(conn: sa.Connection, repo_id: int, *, not_before: datetime | None = None) -> None:
    """Let a job look for what this repository's refs no longer lead to."""
    payload = {"repo_id": repo_id}
    enqueue(conn, SWEEP_REPOSITORY, payload, not_before=not_before, unique=f"repo-{repo_id}")


def refs_left(
    conn: sa.Connection, repo_id: int, moves: Iterable[tuple[str | None, str | None]]
) -> None:
    """Ask for a sweep if any of the moves (from, to) left its old place for good."""
    if any(old and not (new and _follows(conn, repo_id, old, new)) for old, new in moves):
        request_sweep(conn, repo_id)


def _follows(conn: sa.Connection, repo_id: int, old_oid: str, new_oid: str) -> bool:
    """Whether the new commit is a child of the old one: the usual case, and cheap to tell."""
    query = sa.select(commits.c.parents).where(
        commits.c.repo_id == repo_id, commits.c.oid == new_oid
    )
    return old_oid in str(conn.execute(query).scalar_one_or_none() or "").split()
