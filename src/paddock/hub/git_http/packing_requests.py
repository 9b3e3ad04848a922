"""Asking for a repository's pack to be made anew, where what a clone brings has changed.

Knows which moves of a ref may matter; makes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.hub.git.refs import BRANCHES, TAGS
from paddock.hub.jobs.queue import enqueue
from paddock.hub.tables import commits

KEEP_PACK = "git.keep_pack"
DELAY = timedelta(seconds=5)  # of many commits in a row, the first asks for all


def request_pack(conn: sa.Connection, repo_id: int) -> None:
    """Let a job see whether the repository's kept pack still serves."""
    at = clock.now() + DELAY
    enqueue(conn, KEEP_PACK, {"repo_id": repo_id}, not_before=at, unique=f"repo-{repo_id}")


def refs_changed(
    conn: sa.Connection, repo_id: int, moves: Iterable[tuple[str, str | None, str | None]]
) -> None:
    """The same after these moves (name, from, to), unless they are a new repository's first."""
    brought = [(old, new) for name, old, new in moves if name.startswith((BRANCHES, TAGS))]
    if len(brought) == 1 and brought[0][0] is None:
        query = sa.select(commits.c.height).where(
            commits.c.repo_id == repo_id, commits.c.oid == brought[0][1]
        )
        if conn.execute(query).scalar_one_or_none() == 1:
            return
    if brought:
        request_pack(conn, repo_id)
