"""Counting downloads: one for a client and a repository within a window of one hour.

Knows who was counted; notes it in memory and writes it every few seconds in one transaction, so
that the thousands of requests of a download cost one row, and no download waits for the disk. The
row of the mark is unique, so several servers that saw parts of one download count it once. A kill
loses what was noted since the last flush, ``FLUSH_SECONDS`` of it; a clean stop loses nothing.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import PaddockError
from paddock.hub.catalogue.tables import download_marks, repository_downloads
from paddock.hub.signing import signing_key
from paddock.hub.tables import repositories
from paddock.log import get_logger
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_ignore, insert_new

WINDOW_SECONDS = 3600
FLUSH_SECONDS = 2.0
MAX_REMEMBERED = 100_000
MAX_NOTED = 20_000  # not written yet; more are dropped while the database cannot be written to

log = get_logger(__name__)


class Mark(NamedTuple):
    """A download: in which window, of what, by whom."""

    window: int
    repo_id: int
    client: str


class Downloads:
    """The downloads that this process has seen."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Mark, None] = OrderedDict()
        self._noted: list[Mark] = []
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._flushing = threading.Lock()

    def note(self, database: Database, repo_id: int, client: str) -> None:
        """Count this download unless it was; it is written soon."""
        mark = Mark(int(time.time()) // WINDOW_SECONDS, repo_id, client)
        with self._lock:
            if mark in self._seen:
                return
            self._seen[mark] = None
            while len(self._seen) > MAX_REMEMBERED:
                self._seen.popitem(last=False)
            if len(self._noted) < MAX_NOTED:
                self._noted.append(mark)
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_SECONDS, self._flush_soon, [database])
                self._timer.daemon = True
                self._timer.start()

    def flush(self, database: Database) -> None:
        """Write what was noted; if the database refuses, it is kept for the next time."""
        with self._flushing:
            with self._lock:
                marks, self._noted = self._noted, []
            if not marks:
                return
            try:
                write_marks(database, marks)
            except (PaddockError, sa.exc.SQLAlchemyError) as e:
                log.info(
                    "downloads were not counted yet", count=len(marks), reason=type(e).__name__
                )
                with self._lock:
                    self._noted = [*marks, *self._noted][:MAX_NOTED]

    def _flush_soon(self, database: Database) -> None:
        with self._lock:
            self._timer = None  # whatever is noted from here on starts another
        self.flush(database)


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
