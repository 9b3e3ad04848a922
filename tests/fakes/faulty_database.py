"""A database that fails at one of the statements or commits of a thread that answers requests.

Statements and commits are counted together from 1. On SQLite the failure is an error of the kind
that SQLite raises; on PostgreSQL the server's own process for the connection is ended, too, so that
what follows is real.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import psycopg
import sqlalchemy as sa

from paddock.storage.database import Database


class DatabaseFault(Enum):
    """How one statement or commit goes wrong."""

    FULL = "no room for it"
    BROKEN = "the medium fails"
    CONFLICT = "others kept it busy"
    LOST = "a commit is done and its answer is lost; a statement finds no server"


_SQLITE = {
    DatabaseFault.FULL: (sqlite3.SQLITE_FULL, "database or disk is full"),
    DatabaseFault.BROKEN: (sqlite3.SQLITE_IOERR, "disk I/O error"),
    DatabaseFault.CONFLICT: (sqlite3.SQLITE_BUSY, "database is locked"),
    DatabaseFault.LOST: (sqlite3.SQLITE_IOERR, "disk I/O error"),
}
_POSTGRESQL = {
    DatabaseFault.FULL: psycopg.errors.DiskFull,
    DatabaseFault.BROKEN: psycopg.errors.AdminShutdown,
    DatabaseFault.CONFLICT: psycopg.errors.SerializationFailure,
    DatabaseFault.LOST: psycopg.OperationalError,
}


@dataclass
class FaultyDatabase:
    """What was asked of the database, and which of it is to fail."""

    database: Database
    fault_at: tuple[int, DatabaseFault] | None = None
    seen: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, fault_at: tuple[int, DatabaseFault] | None = None) -> None:
        """Count from the beginning."""
        with self._lock:
            self.fault_at, self.seen = fault_at, []

    def fault(self, asked: str) -> DatabaseFault | None:
        # Threads that answer requests are anyio's; background work is no part of a story.
        if not threading.current_thread().name.startswith("AnyIO"):
            return None
        with self._lock:
            self.seen.append(asked)
            at, fault = self.fault_at or (0, None)
            return fault if len(self.seen) == at else None

    def on_statement(self, conn: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        fault = self.fault(statement)
        if fault is DatabaseFault.LOST and not self.database.is_sqlite:
            self._end_server_process(conn)
        elif fault is not None:
            raise self._error(fault)

    def on_commit(self, conn: sa.Connection) -> None:
        fault = self.fault("COMMIT")
        if fault is None:
            return
        if fault is DatabaseFault.LOST:
            raw: Any = conn.connection.dbapi_connection
            if self.database.is_sqlite:
                raw.cursor().execute("COMMIT")
            else:
                raw.commit()
                self._end_server_process(conn)
        raise self._error(fault)

    def _error(self, fault: DatabaseFault) -> Exception:
        if self.database.is_sqlite:
            code, told = _SQLITE[fault]
            error = sqlite3.OperationalError(told)
            error.sqlite_errorcode = code
            return error
        original = _POSTGRESQL[fault](fault.value)
        return sa.exc.OperationalError("", {}, original)

    def _end_server_process(self, conn: sa.Connection) -> None:
        raw: Any = conn.connection.dbapi_connection
        url = conn.engine.url
        with psycopg.connect(
            host=str(url.query["host"]), user=url.username, dbname=url.database, autocommit=True
        ) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [raw.info.backend_pid])


@contextmanager
def faulty_database(database: Database) -> Iterator[FaultyDatabase]:
    """Count and fail what is asked of the database until the block ends."""
    faulty = FaultyDatabase(database)
    engines = {database._reads, database._writes}
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", faulty.on_statement)
    sa.event.listen(database._writes, "commit", faulty.on_commit)
    try:
        yield faulty
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", faulty.on_statement)
        sa.event.remove(database._writes, "commit", faulty.on_commit)
