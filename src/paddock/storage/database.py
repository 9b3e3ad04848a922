"""The database: SQLite in WAL mode by default, PostgreSQL by URL. One ``Database`` a process.

Knows connections and transactions; does not know any table. A function that needs rows takes a
``Connection``, and whoever calls it opens the transaction: ``database.read()`` or
``database.write()``. When ``write()`` returns, what was written survives a kill and a power cut.

On SQLite all writers of a process share one connection, so they queue for it in order instead of
polling for the file's lock, and a write takes that lock at once (BEGIN IMMEDIATE): it waits at its
beginning rather than failing in its middle. On PostgreSQL a write is READ COMMITTED, and callers
lock the rows they decide on (``with_for_update``). A read sees one moment on both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Protocol

import orjson
import sqlalchemy as sa

from paddock.storage.errors import BadDatabaseUrl, from_database_error

LOCK_WAIT_SECONDS = 30
STATEMENT_SECONDS = 300
IDLE_IN_TRANSACTION_SECONDS = 600

# The server's thread pool has 40 threads; a few connections stay open, the rest come and go.
POOL_KEEPS = 10
POOL_EXTRA = 30

SQLITE_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # every commit is synced; NORMAL may lose the last ones at a power cut
    "fullfsync = ON",  # macOS only: through the drive's own cache
    "foreign_keys = ON",
    "journal_size_limit = 67108864",  # bytes that a log may keep once it is folded in
    "temp_store = MEMORY",
)


_BEFORE_COMMIT = "paddock.before_commit"
_AFTER_COMMIT = "paddock.after_commit"


class Database:
    """Connections to one database; ``name`` is its address without a password."""

    def __init__(self, url: str, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        parsed = _parse(url)
        self.name = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._reads, self._writes = _sqlite_engines(parsed, lock_wait_seconds)
        else:
            self._reads, self._writes = _postgresql_engines(parsed, lock_wait_seconds)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view of the moment of the first statement; a write in it is an error."""
        with self._errors(), self._reads.connect() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """All or nothing: committed, durably, when the block ends without an error."""
        with self._errors(), self._writes.connect() as conn:
            # The pool gives ``info`` on with the connection: what an error left there is not ours.
            lasts = conn.info[_BEFORE_COMMIT] = []
            actions = conn.info[_AFTER_COMMIT] = []
            with conn.begin():
                yield conn
                for last in lasts:
                    last(conn)
        for action in actions:
            action()

    @property
    def is_writing(self) -> bool:
        """Whether a write begun now would queue behind another one of this process (SQLite)."""
        pool = self._writes.pool
        return self.is_sqlite and isinstance(pool, sa.QueuePool) and pool.checkedout() > 0

    def dispose(self) -> None:
        """Close the connections that nobody uses; the database may be used again afterwards."""
        self._reads.dispose()
        self._writes.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            ours = from_database_error(error, self.name)
            if ours is error:
                raise
            raise ours from error


class Reads(Protocol):
    """Where rows are read from: a database, or a view of one that is open already."""

    def read(self) -> AbstractContextManager[sa.Connection]: ...


class OneView:
    """A view that was opened before, for those who would open one each: opening has its price."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn

    def read(self) -> AbstractContextManager[sa.Connection]:
        """The same consistent view every time."""
        return nullcontext(self._conn)


def before_commit(conn: sa.Connection, action: Callable[[sa.Connection], None]) -> bool:
    """Do this once, as the last thing of the transaction, which fails when it does.

    The answer is whether nobody had said so in this transaction.
    """
    actions = conn.info.setdefault(_BEFORE_COMMIT, [])
    is_new = action not in actions
    if is_new:
        actions.append(action)
    return is_new


def after_commit(conn: sa.Connection, action: Callable[[], None]) -> None:
    """Do this once ``write()``, which gave the connection, has committed; never after an error."""
    actions = conn.info.setdefault(_AFTER_COMMIT, [])
    if action not in actions:
        actions.append(action)


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise BadDatabaseUrl("the database URL cannot be parsed", hint=_URL_HINT) from error
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        if parsed.database in {None, "", ":memory:"} or parsed.query:
            raise BadDatabaseUrl("SQLite needs a file, and nothing after it", hint=_URL_HINT)
        return parsed.set(drivername="sqlite")
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    message = f"no support for databases of type {parsed.drivername!r}"
    raise BadDatabaseUrl(message, hint=_URL_HINT)


_URL_HINT = "use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"


def _parse_json(text: str | bytes) -> Any:
    """A JSON column's value: fast, or by the parser that takes whatever Python's own wrote."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _sqlite_engines(url: sa.URL, lock_wait_seconds: float) -> tuple[sa.Engine, sa.Engine]:
    # Readers cost a file descriptor each and nobody waits for them: as many as there are threads.
    parser: dict[str, Any] = {"json_deserializer": _parse_json}
    reads = sa.create_engine(url, pool_size=POOL_KEEPS, max_overflow=-1, **parser)
    writes = sa.create_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=lock_wait_seconds, **parser
    )
    # The time to wait comes first: setting the others may have to wait.
    pragmas = (f"busy_timeout = {int(lock_wait_seconds * 1000)}", *SQLITE_PRAGMAS)
    _prepare_sqlite(reads, "BEGIN", (*pragmas, "query_only = ON"))
    _prepare_sqlite(writes, "BEGIN IMMEDIATE", pragmas)
    return reads, writes


def _prepare_sqlite(engine: sa.Engine, begin: str, pragmas: tuple[str, ...]) -> None:
    def on_connect(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        # Python's sqlite3 would begin transactions of its own, and only before some statements.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    sa.event.listen(engine, "do_connect", _create_private_file)
    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin))


def _create_private_file(_: object, __: object, args: list[str], ___: object) -> None:
    """A new database, and the log that SQLite makes beside it, are for their owner alone."""
    # Never open one that exists: closing it again would drop this process's locks on it
    # (https://www.sqlite.org/howtocorrupt.html, 2.2).
    with suppress(OSError):  # SQLite says better what is wrong
        os.close(os.open(args[0], os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _postgresql_engines(url: sa.URL, lock_wait_seconds: float) -> tuple[sa.Engine, sa.Engine]:
    options = (
        f"-c lock_timeout={int(lock_wait_seconds * 1000)}",  # milliseconds, as the next two
        f"-c statement_timeout={STATEMENT_SECONDS * 1000}",
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS * 1000}",
        "-c timezone=UTC",
    )
    try:
        writes = sa.create_engine(
            url,
            pool_size=POOL_KEEPS,
            max_overflow=POOL_EXTRA,
            pool_timeout=lock_wait_seconds,
            pool_pre_ping=True,  # the server may have been restarted since the last use
            connect_args={"options": " ".join(options)},
            isolation_level="READ COMMITTED",
            json_deserializer=_parse_json,
        )
    except ModuleNotFoundError as error:
        hint = "pip install 'paddock[postgresql]'"
        raise BadDatabaseUrl("PostgreSQL needs the psycopg package", hint=hint) from error
    # Read-only at REPEATABLE READ is one snapshot and never fails to serialize (PostgreSQL 13.2.2).
    reads = writes.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reads, writes
