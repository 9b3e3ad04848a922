"""What was downloaded: who, which file, when; of open repositories for the audit log alone.

Noted in memory while the bytes are sent, and written a little later (``hub.noting``): no download
waits for it. All requests of one hour for one file of one revision by one user are one row, by the
digest of just these. A file that was asked for by its hash gets its path when the row is written.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.downloads import Fold, note_downloads
from paddock.hub.download_log.paths import Place, Wanted, find_places
from paddock.hub.download_log.tables import file_downloads
from paddock.hub.noting import Notes
from paddock.hub.tables import accounts, repositories
from paddock.hub.types import Caller, Repository
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_new

WINDOW_SECONDS = 3600
FILE, XET, LFS, GIT, DIFF = "file", "xet", "lfs", "git", "diff"  # by which way
DEFAULT_DAYS = 365


@dataclass(frozen=True, slots=True)
class Taken:
    """A download, as far as the request told."""

    window: int
    repo_id: int
    user_id: int | None  # None: a stranger, or anybody at all
    way: str
    wanted: Wanted
    is_open: bool  # everybody may read it: the audit log tells the revision and no files
    moment: datetime = field(compare=False)


class DownloadLog:
    """The downloads that this process has seen; with ``days`` 0 nothing is noted."""

    def __init__(self, days: int = DEFAULT_DAYS) -> None:
        self.days = days
        self._notes: Notes[Taken] = Notes("rows of the log of downloads", write_rows)

    def note(
        self, database: Database, caller: Caller, repo: Repository, way: str, wanted: Wanted
    ) -> None:
        """Note a download, unless nobody is to know."""
        if not self.days:
            return
        is_open = not (repo.is_private or repo.gated)
        user_id = caller.account.id if caller.account else None
        kept = Wanted(wanted.revision) if is_open else wanted
        window = int(time.time()) // WINDOW_SECONDS
        taken = Taken(window, repo.id, user_id, way, kept, is_open, clock.now())
        self._notes.add(database, taken)

    def flush(self, database: Database) -> None:
        """Write what was noted."""
        self._notes.flush(database)


def write_rows(database: Database, taken: Sequence[Taken]) -> None:
    """Add the rows that no server has written before, of repositories that are still there."""
    with database.read() as conn:
        places = find_places(conn, {(one.repo_id, one.wanted) for one in taken})
    rows: dict[str, dict[str, Any]] = {}
    opened: dict[Fold, set[str]] = {}
    for one in taken:
        place = places[one.repo_id, one.wanted]
        if one.is_open:
            opened[_fold(one, place.commit_oid)] = set()
        elif one.user_id is not None:
            row = _row(one, place)
            rows.setdefault(str(row["mark"]), row)
    windows = {row["mark"]: row.pop("window") for row in rows.values()}
    for some in in_chunks(list(rows.values())):
        with database.write() as conn:
            _write(conn, some, windows)
    with database.write() as conn:
        note_downloads(conn, opened)


def _write(conn: sa.Connection, some: Sequence[dict[str, Any]], windows: Mapping[str, int]) -> None:
    """Add rows, and to the audit log those that are new."""
    there = _held(conn, repositories, (row["repo_id"] for row in some))
    known = _held(conn, accounts, (row["user_id"] for row in some))
    kept = {row["mark"]: row for row in some if row["repo_id"] in there}
    for row in kept.values():
        row["user_id"] = row["user_id"] if row["user_id"] in known else None
    new = insert_new(conn, file_downloads, list(kept.values()), file_downloads.c.mark)
    folds: dict[Fold, set[str]] = {}
    for mark in new:
        row = kept[mark]
        fold = Fold(windows[mark], row["repo_id"], row["user_id"], row["way"], row["commit_oid"])
        folds.setdefault(fold, set()).update([row["path"]] if row["path"] else [])
    note_downloads(conn, folds)


def _fold(one: Taken, commit_oid: str | None) -> Fold:
    return Fold(one.window, one.repo_id, one.user_id, one.way, commit_oid)


def _row(one: Taken, place: Place) -> dict[str, Any]:
    told = (one.window, one.repo_id, one.user_id, one.way, place.commit_oid, place.path)
    digest = hashlib.blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16)
    return {
        "mark": digest.hexdigest(),
        "window": one.window,
        "repo_id": one.repo_id,
        "user_id": one.user_id,
        "way": one.way,
        "commit_oid": place.commit_oid,
        "path": place.path,
        "happened_at": one.moment,
    }


def _held(conn: sa.Connection, table: sa.Table, ids: Iterable[int]) -> set[int]:
    """Those of the rows that are there, which nobody deletes before this transaction ends."""
    rows = sa.select(table.c.id).where(table.c.id.in_(set(ids))).order_by(table.c.id)
    return set(conn.execute(rows.with_for_update(key_share=True)).scalars())
