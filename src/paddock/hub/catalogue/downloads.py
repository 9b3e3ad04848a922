"""Counting downloads: one for a client and a repository within a window of one hour.

Knows who was counted; notes it in memory and writes it every few seconds in one transaction
(``hub.noting``), so that the thousands of requests of a download cost one row. The row of the mark
is unique, so several servers that saw parts of one download count it once.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.catalogue.tables import download_marks, repository_downloads
from paddock.hub.noting import Notes
from paddock.hub.signing import signing_key
from paddock.hub.tables import repositories
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_ignore, insert_new

WINDOW_SECONDS = 3600


class Mark(NamedTuple):
    """A download: in which window, of what, by whom."""

    window: int
    repo_id: int
    client: str


class Downloads(Notes[Mark]):
    """The downloads that this process has seen."""

    def __init__(self) -> None:
        super().__init__("downloads", lambda database, marks: write_marks(database, marks))

    def note(self, database: Database, repo_id: int, client: str) -> None:
        """Count this download unless it was; it is written soon."""
        self.add(database, Mark(int(time.time()) // WINDOW_SECONDS, repo_id, client))


def write_marks(database: Database, marks: Sequence[Mark]) -> None:
    """Add to the counts of the day what no server has counted before."""
    key = signing_key(database)
    rows = {
        (mark.window, mark.repo_id, _client_number(key, mark.client)): mark.repo_id
        for mark in marks
    }
    values = [dict(zip(("window", "repo_id", "client"), row, strict=True)) for row in rows]
    with database.write() as conn:
        new: Counter[int] = Counter()
        for some in in_chunks(values):
            new.update(insert_new(conn, download_marks, some, download_marks.c.repo_id))
        _add(conn, new)


def _add(conn: sa.Connection, new: Counter[int]) -> None:
    """Add to the day's rows and the repositories' own, of those that are still there."""
    there: set[int] = set()
    for some in in_chunks(sorted(new)):
        # In one order, and held: so nobody deletes or counts them at the same time.
        ids = sa.select(repositories.c.id).where(repositories.c.id.in_(some))
        locked = ids.order_by(repositories.c.id).with_for_update(key_share=True)
        there.update(conn.execute(locked).scalars())
    if not there:
        return
    day = clock.now().date()
    insert_ignore(
        conn,
        repository_downloads,
        [{"repo_id": repo_id, "day": day, "count": 0} for repo_id in sorted(there)],
    )
    counts = [{"of": repo_id, "more": new[repo_id]} for repo_id in sorted(there)]
    more: sa.BindParameter[int] = sa.bindparam("more")
    of_day = repository_downloads.update().where(
        repository_downloads.c.repo_id == sa.bindparam("of"), repository_downloads.c.day == day
    )
    conn.execute(of_day.values(count=repository_downloads.c.count + more), counts)
    row = repositories.update().where(repositories.c.id == sa.bindparam("of"))
    conn.execute(
        row.values(
            downloads=repositories.c.downloads + more,
            downloads_all_time=repositories.c.downloads_all_time + more,
        ),
        counts,
    )


def _client_number(key: bytes, client: str) -> int:
    """Who it was, for nobody to read: a hash under the hub's own key."""
    digest = hashlib.blake2b(client.encode(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)
