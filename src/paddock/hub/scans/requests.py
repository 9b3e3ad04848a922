"""Asking for a scan, in the transaction that moved main."""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.jobs.queue import enqueue
from paddock.hub.types import Repository

JOB = "scan_repository"


def scan_later(conn: sa.Connection, repo: Repository) -> None:
    """Let a job look at the files of main."""
    enqueue(conn, JOB, {"repo_id": repo.id}, unique=str(repo.id))
