"""What was downloaded of repositories that are not open to everybody: who, which file, when.

Noted in memory while the bytes are sent, and written a little later (``hub.noting``): no download
waits for it. All requests of one hour for one file of one revision by one user are one row, by the
digest of just these. A file that was asked for by its hash gets its path when the row is written.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.download_log.paths import Place, Wanted, find_places
from paddock.hub.download_log.tables import file_downloads
from paddock.hub.noting import Notes
from paddock.hub.tables import accounts, repositories
from paddock.hub.types import Caller, Repository
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_ignore

WINDOW_SECONDS = 3600
FILE, XET, LFS, GIT, DIFF = "file", "xet", "lfs", "git", "diff"  # by which way
DEFAULT_DAYS = 365


@dataclass(frozen=True, slots=True)
class Taken:
    """A download, as far as the request told."""

    window: int
    repo_id: int
    user_id: int
    way: str
    wanted: Wanted
    moment: datetime = field(compare=False)


class DownloadLog:
    """The downloads that this process has seen; with ``days`` 0 nothing is noted."""

    def __init__(self, days: int = DEFAULT_DAYS) -> None:
        self.days = days
        self._notes: Notes[Taken] = Notes("rows of the log of downloads", write_rows)

    def note(
        self, database: Database, caller: Caller, repo: Repository, way: str, wanted: Wanted
    ) -> None:
        """Note a download, unless everybody may read the repository, or nobody is to know."""
        if not (repo.is_private or repo.gated) or caller.account is None or not self.days:
            return
        window = int(time.time()) // WINDOW_SECONDS
        taken = Taken(window, repo.id, caller.account.id, way, wanted, clock.now())
        self._notes.add(database, taken)

    def flush(self, database: Database) -> None:
        """Write what was noted."""
        self._notes.flush(database)


def write_rows(database: Database, taken: Sequence[Taken]) -> None:
    """Add the rows that no server has written before, of repositories that are still there."""
    with database.read() as conn:
        places = find_places(conn, {(one.repo_id, one.wanted) for one in taken})
    rows: dict[str, dict[str, Any]] = {}
    for one in taken:
        row = _row(one, places[one.repo_id, one.wanted])
        rows.setdefault(str(row["mark"]), row)
    for some in in_chunks(list(rows.values())):
        with database.write() as conn:
            there = _held(conn, repositories, (row["repo_id"] for row in some))
            known = _held(conn, accounts, (row["user_id"] for row in some))
            kept = [row for row in some if row["repo_id"] in there]
            for row in kept:
                row["user_id"] = row["user_id"] if row["user_id"] in known else None
            insert_ignore(conn, file_downloads, kept)


def _row(one: Taken, place: Place) -> dict[str, Any]:
    told = (one.window, one.repo_id, one.user_id, one.way, place.commit_oid, place.path)
    digest = hashlib.blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16)
    return {
        "mark": digest.hexdigest(),
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
