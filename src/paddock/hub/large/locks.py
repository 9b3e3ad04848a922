"""git-lfs locks: who said that nobody else should change a file for now.

Knows rows and what becomes of them; does not know HTTP. A path has at most one lock, whatever the
branch. A lock binds those who ask before they push, as git-lfs does; it is not a right.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.digest import sha256_hex
from paddock.errors import BadInput, Conflict, Forbidden, NotFound, shown
from paddock.hub.git.operations import check_path
from paddock.hub.large.tables import lfs_locks
from paddock.hub.tables import accounts
from paddock.hub.types import Account, Repository

MAX_PAGE = 1000
MAX_LOCKS = 100_000  # of one repository
_MAX_REF_CHARS = 255
_ID = re.compile(r"[1-9][0-9]{0,17}")


class Lock(NamedTuple):
    """A locked path."""

    id: int
    path: str
    owner_id: int
    owner: str
    locked_at: datetime


class AlreadyLocked(Conflict):
    """Somebody holds the lock; ``lock`` is theirs."""

    code = "already_locked"

    def __init__(self, lock: Lock) -> None:
        super().__init__(f"{shown(lock.path)} is locked by {lock.owner}")
        self.lock = lock


class LockMissing(NotFound):
    """No lock has this id."""

    code = "lock_missing"


class LockPage(NamedTuple):
    """Some locks in the order of their ids, and where the next page starts."""

    locks: list[Lock]
    next_cursor: str | None


class LockFilter(NamedTuple):
    """Which locks are asked for; None does not choose. Text as it came from outside."""

    path: str | None = None
    id: str | None = None
    cursor: str | None = None
    limit: int = MAX_PAGE


def create_lock(
    conn: sa.Connection, repo: Repository, owner: Account, path: str, ref: str | None
) -> Lock:
    """A new lock; raises AlreadyLocked (one's own, too), BadPath and Conflict when too many.

    The caller has locked the repository, so two who want the same path take turns.
    """
    check_path(path)
    count = sa.select(sa.func.count()).where(lfs_locks.c.repo_id == repo.id)
    if conn.execute(count).scalar_one() >= MAX_LOCKS:
        raise Conflict(f"a repository has at most {MAX_LOCKS} locks", hint="unlock some files")
    row: dict[str, Any] = {
        "repo_id": repo.id,
        "path": path,
        "path_sha256": _digest(path),
        "owner_id": owner.id,
        "ref": ref[:_MAX_REF_CHARS] if ref and ref.isprintable() else None,
        "locked_at": clock.now(),
    }
    if (held := _find_path(conn, repo, path)) is not None:
        raise AlreadyLocked(held)
    lock_id = conn.execute(lfs_locks.insert().values(row).returning(lfs_locks.c.id)).scalar_one()
    return Lock(lock_id, path, owner.id, owner.name, row["locked_at"])


def list_locks(conn: sa.Connection, repo: Repository, asked: LockFilter) -> LockPage:
    """The locks of a repository; raises BadInput for a cursor that is none of ours."""
    query = _LOCKS.where(lfs_locks.c.repo_id == repo.id).order_by(lfs_locks.c.id)
    if asked.path is not None:
        query = query.where(lfs_locks.c.path_sha256 == _digest(asked.path))
    if asked.id is not None:
        query = query.where(lfs_locks.c.id == (_number(asked.id) or 0))
    if asked.cursor:
        start = _number(asked.cursor)
        if start is None:
            raise BadInput(f"{shown(asked.cursor)} is no cursor of this list")
        query = query.where(lfs_locks.c.id >= start)
    limit = min(max(asked.limit, 1), MAX_PAGE)
    found = [Lock(*row) for row in conn.execute(query.limit(limit + 1))]
    return LockPage(found[:limit], str(found[limit].id) if len(found) > limit else None)


def unlock(
    conn: sa.Connection, repo: Repository, caller: Account, lock_id: str, *, force: bool
) -> Lock:
    """Remove a lock, somebody else's only by force; raises LockMissing and Forbidden."""
    query = _LOCKS.where(lfs_locks.c.repo_id == repo.id, lfs_locks.c.id == (_number(lock_id) or 0))
    row = conn.execute(query.with_for_update(of=lfs_locks)).one_or_none()
    if row is None:
        raise LockMissing(f"this repository has no lock {shown(lock_id)}")
    lock = Lock(*row)
    if lock.owner_id != caller.id and not force:
        raise Forbidden(f"{shown(lock.path)} is locked by {lock.owner}", hint="unlock it by force")
    conn.execute(lfs_locks.delete().where(lfs_locks.c.id == lock.id))
    return lock


_LOCKS = sa.select(
    lfs_locks.c.id,
    lfs_locks.c.path,
    lfs_locks.c.owner_id,
    accounts.c.name,
    lfs_locks.c.locked_at,
).join_from(lfs_locks, accounts, accounts.c.id == lfs_locks.c.owner_id)


def _find_path(conn: sa.Connection, repo: Repository, path: str) -> Lock | None:
    same = (lfs_locks.c.repo_id == repo.id) & (lfs_locks.c.path_sha256 == _digest(path))
    row = conn.execute(_LOCKS.where(same)).one_or_none()
    return None if row is None else Lock(*row)


def _digest(path: str) -> str:
    return sha256_hex(path.encode("utf-8", "surrogatepass"))


def _number(text: str) -> int | None:
    return int(text) if _ID.fullmatch(text) else None
