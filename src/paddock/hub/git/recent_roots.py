"""Which tree a commit names, kept in memory because every download of a file asks for it.

A commit never changes: its id is the digest of its content. So there is nothing to invalidate, only
a bound to keep. Commits that are not there are asked for again each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import sqlalchemy as sa

from paddock.hub.tables import commits

MAX_REMEMBERED = 20_000  # about 6 MB

# Built once: building a statement costs as much as running it.
_TREE_OF = sa.select(commits.c.tree_oid).where(
    commits.c.repo_id == sa.bindparam("repo_id"), commits.c.oid == sa.bindparam("oid")
)
_known: OrderedDict[tuple[int, str], str] = OrderedDict()
_lock = threading.Lock()


def tree_of(conn: sa.Connection, repo_id: int, commit_oid: str) -> str | None:
    """The root folder of a commit, or None when the repository has no such commit."""
    key = (repo_id, commit_oid)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    asked = {"repo_id": repo_id, "oid": commit_oid}
    oid: str | None = conn.execute(_TREE_OF, asked).scalar_one_or_none()
    if oid is not None:
        with _lock:
            _known[key] = oid
            while len(_known) > MAX_REMEMBERED:
                _known.popitem(last=False)
    return oid
