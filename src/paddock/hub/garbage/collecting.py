"""The whole sweep in its order: repositories, then rows, then blobs, then what dead writers left.

Each step frees what the next one finds, so one run with graces of zero leaves nothing unused. Runs
in jobs: every day over rows and blobs, and over a repository when its refs let go of something,
again when the grace of what they let go of is over. Two runs at once do no harm.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.context import Hub
from paddock.hub.garbage import blobs, repositories, rows
from paddock.hub.garbage.foreseeing import Foreseen
from paddock.hub.garbage.graces import REMEMBERED, Graces
from paddock.hub.garbage.requests import SWEEP_REPOSITORY, request_sweep
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.tables import repositories as repository_rows
from paddock.hub.xet import generations
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database

SWEEP_STORAGE = "sweep_storage"
_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Collected:
    """What a whole sweep removed, or would remove; ``waiting`` is unused and kept for now."""

    git_objects: int
    large_files: int
    xet_files: int
    xorbs: int
    blobs: int
    bytes: int
    waiting_git_objects: int
    waiting_xorbs: int
    waiting_blobs: int
    waiting_bytes: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def collect(
    database: Database, store: BlobStore, graces: Graces, *, dry_run: bool = False
) -> Collected:
    """Sweep everything once; a dry run tells what that would remove now, all that one thing's end
    lets go of included."""
    if dry_run:
        return _foresee(database, store, graces)
    if graces.xorbs < Graces().xorbs:
        with database.write() as conn:
            generations.renew(conn)
    now = clock.now()
    objects = links = waiting = 0
    for repo_id in _all_repositories(database):
        swept = repositories.sweep_repository(database, repo_id, _deadlines(now, graces))
        objects += swept.objects
        links += swept.large_files
        waiting += swept.waiting
    swept_rows, swept_blobs = _sweep_storage(database, store, graces)
    return _collected((objects, links, waiting), swept_rows, swept_blobs)


def _foresee(database: Database, store: BlobStore, graces: Graces) -> Collected:
    now, foreseen = clock.now(), Foreseen()
    objects = links = waiting = 0
    for repo_id in _all_repositories(database):
        doomed = repositories.foresee(database, repo_id, _deadlines(now, graces))
        foreseen.objects.update((repo_id, oid) for oid in doomed.objects)
        foreseen.links.update((repo_id, sha256) for sha256 in doomed.large_files)
        objects += len(doomed.objects)
        links += len(doomed.large_files)
        waiting += doomed.waiting
    with database.read() as conn:
        rows_gone = foreseen.rows(conn, _of_xorbs(now, graces))
    blobs_gone = foreseen.blobs(database, store, _of_blobs(now, graces))
    return _collected((objects, links, waiting), rows_gone, blobs_gone)


def _collected(
    of_repositories: tuple[int, int, int], of_rows: rows.SweptRows, of_blobs: blobs.SweptBlobs
) -> Collected:
    objects, links, waiting = of_repositories
    return Collected(
        git_objects=objects,
        large_files=links,
        xet_files=of_rows.xet_files,
        xorbs=of_rows.xorbs,
        blobs=of_blobs.blobs,
        bytes=of_blobs.bytes,
        waiting_git_objects=waiting,
        waiting_xorbs=of_rows.waiting_xorbs,
        waiting_blobs=of_blobs.waiting,
        waiting_bytes=of_blobs.waiting_bytes,
    )


@handler(SWEEP_REPOSITORY)
def sweep_one(hub: Hub, payload: dict[str, Any]) -> None:
    """Sweep a repository, and come back when what was found unused has waited long enough."""
    repo_id, now, graces = int(payload["repo_id"]), clock.now(), Graces()
    swept = repositories.sweep_repository(hub.database, repo_id, _deadlines(now, graces))
    if swept.waiting:
        again = now + graces.uncommitted + timedelta(hours=1)
        with hub.database.write() as conn:
            request_sweep(conn, repo_id, not_before=again)


@handler(SWEEP_STORAGE)
def sweep_storage(hub: Hub, payload: dict[str, Any]) -> None:
    """Sweep rows and blobs, and large files that were uploaded and never committed."""
    for repo_id in repositories.with_loose_files(hub.database):
        repositories.sweep_links(hub.database, repo_id, _deadlines(clock.now(), Graces()))
    _sweep_storage(hub.database, hub.blobs, Graces())


every(_DAY_SECONDS)(SWEEP_STORAGE)


def _sweep_storage(
    database: Database, store: BlobStore, graces: Graces
) -> tuple[rows.SweptRows, blobs.SweptBlobs]:
    now = clock.now()
    swept_rows = rows.sweep_rows(database, _of_xorbs(now, graces))
    swept_blobs = blobs.sweep_blobs(database, store, _of_blobs(now, graces))
    store.remove_leftovers()
    if swept_rows.xorbs or swept_blobs.blobs:
        gone = f"{swept_blobs.blobs} blobs, {swept_rows.xorbs} xorbs"
        with database.write() as conn:
            note(conn, Act.STORAGE, what=gone, bytes=swept_blobs.bytes)
    return swept_rows, swept_blobs


def _of_xorbs(now: datetime, graces: Graces) -> rows.XorbDeadlines:
    return rows.XorbDeadlines(now, now - graces.xorbs, now - graces.blobs, now - graces.uncommitted)


def _of_blobs(now: datetime, graces: Graces) -> blobs.BlobDeadlines:
    return blobs.BlobDeadlines(now, now - graces.blobs, now - REMEMBERED)


def _deadlines(now: datetime, graces: Graces) -> repositories.Deadlines:
    return repositories.Deadlines(now, now - graces.unreachable, now - graces.uncommitted)


def _all_repositories(database: Database) -> list[int]:
    with database.read() as conn:
        return list(conn.execute(sa.select(repository_rows.c.id)).scalars())
