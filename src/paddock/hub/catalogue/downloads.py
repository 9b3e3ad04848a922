"""Counting downloads: one for a client and a repository within a short window.

Knows who was counted lately, in bounded memory, so that the thousands of requests of one download
cost one row's update. A count is worth no wait and no error: it is best effort.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.hub.tables import repositories
from paddock.log import get_logger
from paddock.storage.database import Database

WINDOW_SECONDS = 300.0
MAX_REMEMBERED = 100_000

log = get_logger(__name__)


class RecentDownloads:
    """Which client was counted for which repository lately, in this process."""

    def __init__(self) -> None:
        self._counted_at: OrderedDict[tuple[int, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, repo_id: int, client: str) -> bool:
        """Whether this is a download of its own; asking counts it."""
        moment = time.monotonic()
        with self._lock:
            last = self._counted_at.get((repo_id, client))
            if last is not None and moment - last < WINDOW_SECONDS:
                return False
            self._counted_at[repo_id, client] = moment
            self._counted_at.move_to_end((repo_id, client))
            while len(self._counted_at) > MAX_REMEMBERED:
                self._counted_at.popitem(last=False)
        return True


def count_download(database: Database, repo_id: int) -> None:
    """Add one to a repository's downloads; a database that is busy loses the count."""
    add_one = (
        repositories.update()
        .where(repositories.c.id == repo_id)
        .values(downloads=repositories.c.downloads + 1)
    )
    try:
        with database.write() as conn:
            conn.execute(add_one)
    except (PaddockError, sa.exc.SQLAlchemyError) as e:
        log.info("a download was not counted", repo_id=repo_id, reason=type(e).__name__)
