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
from paddock.hub.context import Hub
from paddock.hub.garbage import blobs, repositories, rows
from paddock.hub.garbage.graces import REMEMBERED, Graces
from paddock.hub.garbage.requests import SWEEP_REPOSITORY, request_sweep
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.tables import repositories as repository_rows
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
    """Sweep everything once. A dry run tells what would go now, not what that would free next."""
    now = clock.now()
    objects = links = waiting = 0
    for repo_id in _all_repositories(database):
        swept = repositories.sweep_repository(
            database, repo_id, _deadlines(now, graces), dry_run=dry_run
        )
        objects += swept.objects
        links += swept.large_files
        waiting += swept.waiting
    swept_rows, swept_blobs = _sweep_storage(database, store, graces, dry_run=dry_run)
    return Collected(
        git_objects=objects,
        large_files=links,
        xet_files=swept_rows.xet_files,
        xorbs=swept_rows.xorbs,
        blobs=swept_blobs.blobs,
        bytes=swept_blobs.bytes,
        waiting_git_objects=waiting,
        waiting_xorbs=swept_rows.waiting_xorbs,
        waiting_blobs=swept_blobs.waiting,
        waiting_bytes=swept_blobs.waiting_bytes,
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
    _sweep_storage(hub.database, hub.blobs, Graces(), dry_run=False)


every(_DAY_SECONDS)(SWEEP_STORAGE)


def _sweep_storage(
    database: Database, store: BlobStore, graces: Graces, *, dry_run: bool
) -> tuple[rows.SweptRows, blobs.SweptBlobs]:
    now = clock.now()
    xorbs = rows.XorbDeadlines(now, now - graces.xorbs, now - graces.blobs)
    swept_rows = rows.sweep_rows(database, xorbs, dry_run=dry_run)
    condemned = blobs.BlobDeadlines(now, now - graces.blobs, now - REMEMBERED)
    swept_blobs = blobs.sweep_blobs(database, store, condemned, dry_run=dry_run)
    if not dry_run:
        store.remove_leftovers()
    return swept_rows, swept_blobs


def _deadlines(now: datetime, graces: Graces) -> repositories.Deadlines:
    return repositories.Deadlines(now, now - graces.unreachable, now - graces.uncommitted)


def _all_repositories(database: Database) -> list[int]:
    with database.read() as conn:
        return list(conn.execute(sa.select(repository_rows.c.id)).scalars())
