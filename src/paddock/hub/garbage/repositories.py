"""Sweeping one repository: git objects and large files that no ref leads to.

First what is unused is marked with the time; what was marked for longer than its grace is removed.
A commit that is still kept keeps everything that it leads to, so it resolves until it goes as a
whole. Marking and removing happen under the repository's lock, in steps, and each step looks at the
refs again: what anybody made reachable since is not removed. Writers without that lock are safe,
too: whoever writes an object that is there clears its mark (``git.objects``). A kill between two
steps leaves commits that are gone and objects that nobody can name, for the next sweep.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.git import recent_roots
from paddock.hub.git.objects import ObjectType
from paddock.hub.git.reachability import reachable
from paddock.hub.large import usage
from paddock.hub.tables import (
    commits,
    git_objects,
    refs,
    repositories,
    repository_large_files,
)
from paddock.storage.columns import Moment
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks

_ROWS_PER_STEP = 2000
_objects = git_objects.c
_links = repository_large_files.c


class Deadlines(NamedTuple):
    """What was marked before these moments goes; ``now`` is the mark for what is found today."""

    now: datetime
    unreachable: datetime
    uncommitted: datetime


class Swept(NamedTuple):
    """What a sweep removed."""

    objects: int = 0
    large_files: int = 0
    waiting: int = 0  # marked, and kept for now


class Doomed(NamedTuple):
    """What a sweep would remove of a repository: ids of objects, and SHA-256 of large files."""

    objects: list[str]
    large_files: list[str]
    waiting: int


def foresee(database: Database, repo_id: int, deadlines: Deadlines) -> Doomed:
    """What ``sweep_repository`` would remove now; changes nothing."""
    with database.read() as conn:
        from_refs = reachable(conn, repo_id, _tips(conn, repo_id))
        doomed, kept = _doomed(conn, repo_id, from_refs, deadlines)
        links, idle = _doomed_links(conn, repo_id, doomed, deadlines)
    return Doomed(doomed, links, kept + idle)


def sweep_repository(database: Database, repo_id: int, deadlines: Deadlines) -> Swept:
    """Mark what is unused, remove what has been so for long enough."""
    with database.read() as conn:
        from_refs = reachable(conn, repo_id, _tips(conn, repo_id))
        unused = [oid for oid in _oids(conn, repo_id) if oid not in from_refs]
    _mark(database, repo_id, from_refs, unused, deadlines.now)
    with database.read() as conn:
        doomed, kept = _doomed(conn, repo_id, from_refs, deadlines)
        _, idle = _doomed_links(conn, repo_id, doomed, deadlines)
    removed = sum(_remove(database, repo_id, some, from_refs, deadlines) for some in _steps(doomed))
    freed = sweep_links(database, repo_id, deadlines)
    return Swept(removed, freed, kept + idle)


def _tips(conn: sa.Connection, repo_id: int) -> set[str]:
    rows = conn.execute(sa.select(refs.c.oid, refs.c.commit_oid).where(refs.c.repo_id == repo_id))
    return {oid for row in rows for oid in row}


def _oids(conn: sa.Connection, repo_id: int) -> list[str]:
    return list(conn.execute(sa.select(_objects.oid).where(_objects.repo_id == repo_id)).scalars())


def _mark(
    database: Database, repo_id: int, from_refs: set[str], unused: Sequence[str], now: datetime
) -> None:
    """Mark what is unused and not marked; take the mark from what is used again."""
    of_repo = git_objects.update().where(_objects.repo_id == repo_id)
    for some in _steps(unused):
        with database.write() as conn:
            for chunk in in_chunks(some):
                fresh = of_repo.where(_objects.oid.in_(chunk), _objects.idle_since.is_(None))
                conn.execute(fresh.values(idle_since=now))
    with database.read() as conn:
        query = sa.select(_objects.oid).where(_objects.repo_id == repo_id)
        marked = conn.execute(query.where(_objects.idle_since.is_not(None))).scalars().all()
    for some in _steps([oid for oid in marked if oid in from_refs]):
        with database.write() as conn:
            for chunk in in_chunks(some):
                conn.execute(of_repo.where(_objects.oid.in_(chunk)).values(idle_since=None))


def _doomed(
    conn: sa.Connection, repo_id: int, from_refs: set[str], deadlines: Deadlines
) -> tuple[list[str], int]:
    """Objects to remove, commits and tags first, and how many are unused and stay.

    What is not marked yet is marked now.
    """
    since = sa.func.coalesce(_objects.idle_since, sa.literal(deadlines.now, Moment))
    query = sa.select(_objects.oid, _objects.type, since.label("since"))
    found = conn.execute(query.where(_objects.repo_id == repo_id))
    rows = [row for row in found if row.oid not in from_refs]
    naming = (int(ObjectType.COMMIT), int(ObjectType.TAG))
    named = [row for row in rows if row.type in naming]
    young = [row.oid for row in named if row.since > deadlines.unreachable]
    kept = reachable(conn, repo_id, young, frozenset(from_refs))
    old = [r for r in rows if r.since <= deadlines.unreachable and r.oid not in kept]
    old.sort(key=lambda row: (row.type not in naming, row.oid))
    return [row.oid for row in old], len(rows) - len(old)


def _remove(
    database: Database,
    repo_id: int,
    oids: Sequence[str],
    from_refs: set[str],
    deadlines: Deadlines,
) -> int:
    """Remove these objects but those that refs lead to by now."""
    with database.write() as conn:
        if not _lock(conn, repo_id):
            return 0
        new_tips = _tips(conn, repo_id) - from_refs
        new = reachable(conn, repo_id, new_tips, frozenset(from_refs)) if new_tips else set()
        removed = 0
        for chunk in in_chunks([oid for oid in oids if oid not in new]):
            gone = git_objects.delete().where(
                _objects.repo_id == repo_id,
                _objects.oid.in_(chunk),
                _objects.idle_since <= deadlines.unreachable,
            )
            really = list(conn.execute(gone.returning(_objects.oid)).scalars())
            removed += len(really)
            names = (commits.c.repo_id == repo_id) & commits.c.oid.in_(really)
            conn.execute(commits.delete().where(names))
        usage.recount(conn, repo_id)
    recent_roots.forget(repo_id, oids)
    return removed


def _doomed_links(
    conn: sa.Connection, repo_id: int, doomed: Sequence[str], deadlines: Deadlines
) -> tuple[list[str], int]:
    """Large files that go if these objects go, and how many wait."""
    gone = set(doomed)
    query = sa.select(_objects.oid, _objects.lfs_sha256)
    rows = conn.execute(query.where(_objects.repo_id == repo_id, _objects.lfs_sha256.is_not(None)))
    named = {row.lfs_sha256 for row in rows if row.oid not in gone}
    held = sa.select(_links.sha256, _links.idle_since).where(_links.repo_id == repo_id)
    unnamed = [row for row in conn.execute(held) if row.sha256 not in named]
    since = {row.sha256: row.idle_since or deadlines.now for row in unnamed}
    old = [sha256 for sha256, moment in since.items() if moment <= deadlines.uncommitted]
    return old, len(unnamed) - len(old)


def with_loose_files(database: Database) -> list[int]:
    """Repositories with a large file that no object of theirs points to, or that did not once."""
    pointed = sa.exists().where(
        _objects.repo_id == _links.repo_id, _objects.lfs_sha256 == _links.sha256
    )
    query = sa.select(_links.repo_id).where(_links.idle_since.is_not(None) | ~pointed).distinct()
    with database.read() as conn:
        return list(conn.execute(query).scalars())


def sweep_links(database: Database, repo_id: int, deadlines: Deadlines) -> int:
    """Mark and remove large files that no object of the repository points to."""
    pointed = sa.exists().where(_objects.repo_id == repo_id, _objects.lfs_sha256 == _links.sha256)
    of_repo = _links.repo_id == repo_id
    links = repository_large_files
    with database.write() as conn:
        if not _lock(conn, repo_id):
            return 0
        used = links.update().where(of_repo, _links.idle_since.is_not(None), pointed)
        conn.execute(used.values(idle_since=None))
        fresh = links.update().where(of_repo, _links.idle_since.is_(None), ~pointed)
        conn.execute(fresh.values(idle_since=deadlines.now))
        old = _links.idle_since <= deadlines.uncommitted
        removed = conn.execute(links.delete().where(of_repo, old, ~pointed)).rowcount
        if removed:
            usage.recount(conn, repo_id)
    return removed


def _lock(conn: sa.Connection, repo_id: int) -> bool:
    """Whether the repository is there; nobody else changes it then."""
    row = sa.select(repositories.c.id).where(repositories.c.id == repo_id).with_for_update()
    return conn.execute(row).first() is not None


def _steps(oids: Sequence[str]) -> Iterator[Sequence[str]]:
    return in_chunks(oids, _ROWS_PER_STEP)
