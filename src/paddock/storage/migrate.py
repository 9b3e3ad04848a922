"""Brings a database's tables to the shape that this paddock expects.

Knows that migrations exist, not what they do: those are in ``migrations/versions``, in order. All
of them run in one transaction under a lock, so of two servers that start at once one migrates and
the other waits and finds it done, and a kill in the middle leaves the database as it was.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from paddock.storage.database import Database
from paddock.storage.errors import SchemaTooNew

HEAD = "0024"  # the last of migrations/versions; a test compares

_FOLDER = Path(__file__).with_name("migrations")
_LOCK_KEY = int.from_bytes(b"paddock", "big")  # of PostgreSQL's advisory locks, in this database


def migrate(database: Database) -> None:
    """Create or upgrade the tables; raises SchemaTooNew when a later paddock has been here."""
    with database.read() as conn:
        if schema_version(conn) == HEAD:
            return
    with database.write() as conn:  # on SQLite this is the lock already
        if not database.is_sqlite:
            conn.execute(sa.text("SET LOCAL lock_timeout = 0"))
            conn.execute(sa.text("SET LOCAL statement_timeout = 0"))
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
        _upgrade(conn, database.name)


def schema_version(conn: sa.Connection) -> str | None:
    """The last migration that ran, or None on an empty database."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    version: str | None = conn.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return version


def _upgrade(conn: sa.Connection, name: str) -> None:
    from alembic import command  # a start without anything to migrate does not load it
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = conn
    version = schema_version(conn)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise SchemaTooNew(
            f"{name} was written by a newer paddock (its schema is {version}, ours {HEAD})",
            hint="upgrade paddock, or restore the backup from before the upgrade",
        )
    command.upgrade(config, "head")
