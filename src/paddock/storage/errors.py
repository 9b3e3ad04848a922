"""How storage fails, and how a foreign failure becomes one of ours.

Knows the system's error numbers and the databases' error codes; does not know what was stored. A
failure of the medium or of the database server is never the caller's fault: the request may be
sent again. Broken constraints and wrong SQL are not failures of storage and pass through unchanged.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from paddock.errors import BadInput, Unavailable


class StorageFailed(Unavailable):
    """The medium refused to read or write."""

    code = "storage_failed"


class StorageFull(StorageFailed):
    """No room is left on the medium, or in the quota."""

    code = "storage_full"
    status = 507


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, opened or understood."""

    code = "database_unavailable"


class DatabaseBusy(Unavailable):
    """Another writer kept the lock too long, or two would have waited for each other forever."""

    code = "database_busy"


class BadDatabaseUrl(BadInput):
    """The address names no database that paddock can use."""

    code = "bad_database_url"


class SchemaTooNew(Unavailable):
    """A newer paddock has already changed the database's tables."""

    code = "schema_too_new"


_MAKE_ROOM = "free some space, then try again"

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_BUSY_SQLSTATES = {"40001", "40P01", "55P03", "57014"}  # serialization, deadlock, lock, statement
_FULL_SQLSTATES = {"53100"}

# https://www.sqlite.org/rescode.html, primary codes
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_BROKEN = {
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_IOERR: "cannot be read or written",
    sqlite3.SQLITE_NOTADB: "is not a database",
    sqlite3.SQLITE_PERM: "may not be opened",
    sqlite3.SQLITE_READONLY: "is read-only",
}


def from_os_error(error: OSError, doing: str) -> StorageFailed:
    """Our error for the system's; ``doing`` is what was tried, as "storing a blob"."""
    reason = error.strerror or type(error).__name__
    if error.errno in _NO_ROOM:
        return StorageFull(f"no room left while {doing}: {reason}", hint=_MAKE_ROOM)
    return StorageFailed(
        f"storage failed while {doing}: {reason}", hint="look at the medium's health"
    )


@contextmanager
def os_errors(doing: str) -> Iterator[None]:
    """Translates every OSError of the block."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error, doing) from error


def from_database_error(error: Exception, name: str) -> Exception:
    """Our error where the database itself failed, else ``error``; ``name`` is its safe address."""
    if isinstance(error, sa.exc.TimeoutError):
        return DatabaseBusy("every database connection is in use", hint="try again")
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return _from_sqlite(original, name) or error
    if isinstance(error, sa.exc.DBAPIError):
        return _from_postgresql(error, name) or error
    return error


def _from_sqlite(error: sqlite3.Error, name: str) -> Exception | None:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _SQLITE_BUSY:
        return DatabaseBusy("another process kept the database locked", hint="try again")
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(f"no room left to write {name}", hint=_MAKE_ROOM)
    if code in _SQLITE_BROKEN:
        hint = "check the file, its folder and their permissions"
        return DatabaseUnavailable(f"{name} {_SQLITE_BROKEN[code]}", hint=hint)
    return None


def _from_postgresql(error: sa.exc.DBAPIError, name: str) -> Exception | None:
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate in _BUSY_SQLSTATES:
        return DatabaseBusy("other writers kept the database busy", hint="try again")
    if sqlstate in _FULL_SQLSTATES:
        return StorageFull(f"no room left at {name}", hint=_MAKE_ROOM)
    # Without a SQLSTATE the server never answered; class 08 is a lost connection, 28 a refused
    # login, 3D a missing database, 53 no resources, 57P a server that shuts down or starts.
    unreachable = sqlstate is None or sqlstate.startswith(("08", "28", "3D", "53", "57P"))
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) and unreachable:
        reason = str(error.orig).strip().splitlines()[0]
        return DatabaseUnavailable(f"{name} cannot be used: {reason}", hint="is the server up?")
    return None
