"""How many bytes repositories and namespaces hold, and how many they may.

A repository counts for its large files and for its git blobs, each content once, at full size:
what the store saves by sharing is the hub's gain, not a namespace's. Trees, commits and tags are
free, so that whoever is over the quota can still delete. ``charge`` is on the way of every byte
that a repository is given, and on PostgreSQL takes turns by namespace, so no number of writers at
once gets past a quota. Knows rows; does not know what is uploaded how.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock.errors import Forbidden
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.discussions.tables import contributions
from paddock.hub.large.tables import hub_limits, quotas, repository_usage
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import (
    accounts,
    git_objects,
    large_files,
    repositories,
    repository_large_files,
    xorbs,
)
from paddock.hub.types import Account
from paddock.storage.sql import in_chunks, insert_ignore

BLOB_TYPE = 3  # git's number
_DEFAULT = "default_quota_bytes"
_LOCK_CLASS = int.from_bytes(b"quo", "big")  # of PostgreSQL's advisory locks


class QuotaExceeded(Forbidden):
    """The namespace would hold more than it may."""

    code = "quota_exceeded"


class Use(NamedTuple):
    """What a namespace holds, and what it may hold: None is without limit."""

    used_bytes: int
    quota_bytes: int | None

    @property
    def percent(self) -> float:
        """Of the quota; 0 without one."""
        return 100 * self.used_bytes / self.quota_bytes if self.quota_bytes else 0.0


def of_repositories(conn: sa.Connection, repo_ids: Iterable[int]) -> dict[int, int]:
    """The bytes that each of the repositories counts for."""
    found = dict.fromkeys(repo_ids, 0)
    for some in in_chunks(list(found)):
        query = sa.select(repository_usage.c.repo_id, _BYTES.label("bytes"))
        rows = conn.execute(query.where(repository_usage.c.repo_id.in_(some)))
        found.update((row.repo_id, row.bytes) for row in rows)
    return found


def of_repository(conn: sa.Connection, repo_id: int) -> int:
    """The bytes that the repository counts for."""
    return of_repositories(conn, [repo_id])[repo_id]


def of_namespace(conn: sa.Connection, namespace_id: int) -> Use:
    """What the account's repositories count for together, and what they may."""
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(_BYTES), 0))
        .join(repositories, repositories.c.id == repository_usage.c.repo_id)
        .where(repositories.c.namespace_id == namespace_id)
    )
    return Use(int(conn.execute(query).scalar_one()), quota_of(conn, namespace_id))


def default_quota(conn: sa.Connection) -> int | None:
    """What accounts without a quota of their own may hold; None is without limit."""
    default = sa.select(hub_limits.c.value).where(hub_limits.c.name == _DEFAULT)
    row = conn.execute(default).one_or_none()
    return None if row is None else row[0]


def quota_of(conn: sa.Connection, namespace_id: int) -> int | None:
    """The account's quota: its own, else the hub's default; None is without limit."""
    own = sa.select(quotas.c.quota_bytes).where(quotas.c.account_id == namespace_id)
    default = sa.select(hub_limits.c.value).where(hub_limits.c.name == _DEFAULT)
    row = conn.execute(own).one_or_none() or conn.execute(default).one_or_none()
    return None if row is None else row[0]


class Holder(NamedTuple):
    """An account, and what its repositories hold."""

    account: Account
    use: Use


def greatest_holders(conn: sa.Connection, limit: int) -> list[Holder]:
    """The accounts whose repositories hold most, the greatest first."""
    held = sa.func.sum(_BYTES)
    query = (
        sa.select(accounts, held.label("held"))
        .join(repositories, repositories.c.namespace_id == accounts.c.id)
        .join(repository_usage, repository_usage.c.repo_id == repositories.c.id)
        .group_by(accounts.c.id)
        .order_by(held.desc(), accounts.c.id)
    )
    rows = conn.execute(query.limit(limit)).mappings().all()
    return [
        Holder(to_account(row), Use(int(row["held"]), quota_of(conn, row[accounts.c.id])))
        for row in rows
    ]


def set_quota(conn: sa.Connection, namespace_id: int, quota_bytes: int | None) -> None:
    """Give the account a quota of its own; None is without limit."""
    conn.execute(quotas.delete().where(quotas.c.account_id == namespace_id))
    insert_ignore(conn, quotas, [{"account_id": namespace_id, "quota_bytes": quota_bytes}])
    note(conn, Act.QUOTA, account=namespace_id, bytes=quota_bytes, what="own")


def drop_quota(conn: sa.Connection, namespace_id: int) -> None:
    """From now on the hub's default counts for the account."""
    conn.execute(quotas.delete().where(quotas.c.account_id == namespace_id))
    note(conn, Act.QUOTA, account=namespace_id, what="default")


def set_default_quota(conn: sa.Connection, quota_bytes: int | None) -> None:
    """What accounts without a quota of their own may hold; None is without limit."""
    conn.execute(hub_limits.delete().where(hub_limits.c.name == _DEFAULT))
    if quota_bytes is not None:
        insert_ignore(conn, hub_limits, [{"name": _DEFAULT, "value": quota_bytes}])
    note(conn, Act.QUOTA, what="default", bytes=quota_bytes)


def check_quota(conn: sa.Connection, namespace_id: int, extra_bytes: int) -> None:
    """Raise QuotaExceeded if so many bytes more are too many now: before any of them travel."""
    quota_bytes = quota_of(conn, namespace_id)
    if quota_bytes is None or extra_bytes <= 0:
        return
    used_bytes = of_namespace(conn, namespace_id).used_bytes
    if used_bytes + extra_bytes > quota_bytes:
        raise _exceeded(conn, namespace_id, Use(used_bytes, quota_bytes), extra_bytes)


def check_files(conn: sa.Connection, repo_id: int, size_bytes: int) -> None:
    """The same for files that the repository does not hold: before any of them is read."""
    namespace_id = _namespace_of(conn, repo_id)
    if namespace_id is not None:
        check_quota(conn, namespace_id, size_bytes)


def check_xorb(conn: sa.Connection, repo_id: int, size_bytes: int) -> None:
    """The same for a xorb: those that no file is made of yet count until one is.

    What outsiders sent for pull requests does not: it has a bound of its own, and keeps nobody from
    writing to what is theirs.
    """
    namespace_id = _namespace_of(conn, repo_id)
    if namespace_id is None or quota_of(conn, namespace_id) is None:
        return
    sent_from_outside = sa.exists().where(
        contributions.c.repo_id == xorbs.c.waits_for_repo_id,
        contributions.c.sha256 == xorbs.c.hash,
    )
    waiting = (
        sa.select(sa.func.coalesce(sa.func.sum(xorbs.c.serialized_bytes), 0))
        .join(repositories, repositories.c.id == xorbs.c.waits_for_repo_id)
        .where(repositories.c.namespace_id == namespace_id, sa.not_(sent_from_outside))
    )
    waiting_bytes = int(conn.execute(waiting).scalar_one())
    check_quota(conn, namespace_id, waiting_bytes + size_bytes)


def charge(conn: sa.Connection, repo_id: int, *, large_bytes: int = 0, git_bytes: int = 0) -> None:
    """Count bytes that the repository was just given; raises QuotaExceeded."""
    extra_bytes = large_bytes + git_bytes
    if not extra_bytes:
        return
    namespace_id = _namespace_of(conn, repo_id)
    if namespace_id is not None and quota_of(conn, namespace_id) is not None:
        _take_turn(conn, namespace_id)
        check_quota(conn, namespace_id, extra_bytes)
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    new = insert(repository_usage).values(
        repo_id=repo_id, large_bytes=large_bytes, git_bytes=git_bytes
    )
    added = {
        name: repository_usage.c[name] + new.excluded[name] for name in ("large_bytes", "git_bytes")
    }
    conn.execute(new.on_conflict_do_update(index_elements=["repo_id"], set_=added))


def recount(conn: sa.Connection, repo_id: int) -> None:
    """Count the repository anew, after something was removed from it."""
    held = repository_large_files
    large_bytes = (
        sa.select(sa.func.coalesce(sa.func.sum(large_files.c.size_bytes), 0))
        .join(held, held.c.sha256 == large_files.c.sha256)
        .where(held.c.repo_id == repo_id)
    )
    git_bytes = sa.select(sa.func.coalesce(sa.func.sum(git_objects.c.size_bytes), 0)).where(
        git_objects.c.repo_id == repo_id, git_objects.c.type == BLOB_TYPE
    )
    counted = {
        "large_bytes": int(conn.execute(large_bytes).scalar_one()),
        "git_bytes": int(conn.execute(git_bytes).scalar_one()),
    }
    same = repository_usage.c.repo_id == repo_id
    if conn.execute(repository_usage.update().where(same).values(counted)).rowcount == 0:
        insert_ignore(conn, repository_usage, [{"repo_id": repo_id, **counted}])


_BYTES = repository_usage.c.large_bytes + repository_usage.c.git_bytes


def _namespace_of(conn: sa.Connection, repo_id: int) -> int | None:
    query = sa.select(repositories.c.namespace_id).where(repositories.c.id == repo_id)
    return conn.execute(query).scalar_one_or_none()


def _take_turn(conn: sa.Connection, namespace_id: int) -> None:
    """Until this transaction ends, no other one decides on this namespace's quota."""
    if conn.dialect.name == "postgresql":  # SQLite's writers are alone anyway
        lock = sa.func.pg_advisory_xact_lock(_LOCK_CLASS, namespace_id % 2**31)
        conn.execute(sa.select(lock))


def _exceeded(conn: sa.Connection, namespace_id: int, use: Use, extra_bytes: int) -> QuotaExceeded:
    name = conn.execute(sa.select(accounts.c.name).where(accounts.c.id == namespace_id)).scalar()
    return QuotaExceeded(
        f"Storage limit reached: {name} holds {use.used_bytes} of {use.quota_bytes} bytes, "
        f"so {extra_bytes} more cannot be stored",
        hint="permanently delete large files or repositories, or ask an administrator for more",
    )
