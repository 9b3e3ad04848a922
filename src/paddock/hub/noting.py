"""What many requests note is written together, a little later: no request waits for the disk.

Knows when and how often something is written; does not know what. Each note is written once by a
process; whether another process wrote it too is for the rows to tell. A kill loses what was noted
since the last time, ``FLUSH_SECONDS`` of it; a clean stop loses nothing. While the database
refuses, notes wait, as many as there is room for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.log import get_logger
from paddock.storage.database import Database

FLUSH_SECONDS = 2.0
MAX_REMEMBERED = 100_000
MAX_NOTED = 20_000  # not written yet; more are dropped while the database cannot be written to

log = get_logger(__name__)

T = TypeVar("T", bound=Hashable)


class Notes(Generic[T]):
    """What this process has noted; ``what`` names it in the server's own log."""

    def __init__(self, what: str, write: Callable[[Database, Sequence[T]], None]) -> None:
        self._what, self._write = what, write
        self._seen: OrderedDict[T, None] = OrderedDict()
        self._noted: list[T] = []
        self._dropped = 0
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._flushing = threading.Lock()

    def add(self, database: Database, one: T) -> None:
        """Note this unless it was; it is written soon."""
        with self._lock:
            if one in self._seen:
                return
            self._seen[one] = None
            while len(self._seen) > MAX_REMEMBERED:
                self._seen.popitem(last=False)
            if len(self._noted) < MAX_NOTED:
                self._noted.append(one)
            else:
                self._dropped += 1
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_SECONDS, self._flush_soon, [database])
                self._timer.daemon = True
                self._timer.start()

    def flush(self, database: Database) -> None:
        """Write what was noted; if the database refuses, it is kept for the next time."""
        with self._flushing:
            with self._lock:
                some, self._noted = self._noted, []
                dropped, self._dropped = self._dropped, 0
            if dropped:
                log.warning(f"{self._what} were dropped: too many at once", count=dropped)
            if not some:
                return
            try:
                self._write(database, some)
            except (PaddockError, sa.exc.SQLAlchemyError) as e:
                log.info(
                    f"{self._what} were not written yet", count=len(some), reason=type(e).__name__
                )
                with self._lock:
                    self._noted = [*some, *self._noted][:MAX_NOTED]

    def _flush_soon(self, database: Database) -> None:
        with self._lock:
            self._timer = None  # whatever is noted from here on starts another
        self.flush(database)
