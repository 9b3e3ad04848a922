"""Which tree a commit names, kept in memory because every download of a file asks for it.

A commit never changes: its id is the digest of its content. But one that no ref leads to may be
swept. The sweep lets this process forget it, and others do so a minute later; until then they may
know a commit whose files are gone. Whoever lets a ref name a commit asks the database instead.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable

import sqlalchemy as sa

from paddock.hub.tables import commits

MAX_REMEMBERED = 20_000  # about 6 MB
REMEMBERED_SECONDS = 60.0

# Built once: building a statement costs as much as running it.
_TREE_OF = sa.select(commits.c.tree_oid).where(
    commits.c.repo_id == sa.bindparam("repo_id"), commits.c.oid == sa.bindparam("oid")
)
_known: OrderedDict[tuple[int, str], tuple[str, float]] = OrderedDict()
_lock = threading.Lock()


def tree_of(conn: sa.Connection, repo_id: int, commit_oid: str) -> str | None:
    """The root folder of a commit, or None when the repository has no such commit."""
    key = (repo_id, commit_oid)
    now = time.monotonic()
    with _lock:
        known, until = _known.get(key, ("", 0.0))
        if until > now:
            _known.move_to_end(key)
            return known
    asked = {"repo_id": repo_id, "oid": commit_oid}
    oid: str | None = conn.execute(_TREE_OF, asked).scalar_one_or_none()
    if oid is not None:
        with _lock:
            _known[key] = (oid, now + REMEMBERED_SECONDS)
            _known.move_to_end(key)
            while len(_known) > MAX_REMEMBERED:
                _known.popitem(last=False)
    return oid


def forget(repo_id: int, commit_oids: Iterable[str]) -> None:
    """These commits were swept."""
    with _lock:
        for oid in commit_oids:
            _known.pop((repo_id, oid), None)
