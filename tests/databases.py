"""A fresh, migrated database for a test, cheaply: each is a copy of one that was migrated once.

PostgreSQL comes from ``scripts/postgresql.sh``. A template there is named after the migrations it
holds, so changed migrations make a new one; several test processes may make it at once.
"""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

from paddock.storage.database import Database
from paddock.storage.migrate import migrate

ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "src/paddock/storage/migrations/versions"


def sqlite_url(folder: Path, name: str = "paddock.db") -> str:
    """The URL of a new migrated SQLite database in ``folder``."""
    path = folder / name
    path.write_bytes(_migrated_sqlite())
    return f"sqlite:///{path}"


@contextmanager
def postgresql_url() -> Iterator[str]:
    """The URL of a new migrated PostgreSQL database, dropped afterwards."""
    with _new_postgresql(_migrated_postgresql()) as url:
        yield url


@contextmanager
def empty_postgresql_url() -> Iterator[str]:
    """The same without any table."""
    with _new_postgresql("template0") as url:
        yield url


@functools.cache
def _migrated_sqlite() -> bytes:
    folder = Path(tempfile.mkdtemp(prefix="paddock-template-"))
    try:
        database = Database(f"sqlite:///{folder}/template.db")
        migrate(database)
        database.dispose()  # the last connection folds the log into the file
        return (folder / "template.db").read_bytes()
    finally:
        shutil.rmtree(folder)


@contextmanager
def _new_postgresql(template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{secrets.token_hex(6)}"
    with _server() as conn:
        # Half the work of writing every page to the log; before 15 it was the only way.
        copied = "STRATEGY FILE_COPY" if conn.info.server_version >= 150000 else ""
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} {copied}")
    try:
        yield _url_of(name)
    finally:
        with _server() as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@functools.cache
def _migrated_postgresql() -> str:
    sources = sorted(MIGRATIONS.glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    name = f"template_{digest.hexdigest()[:16]}"
    with _server() as conn:
        conn.execute("SELECT pg_advisory_lock(7310)")  # held until the connection closes
        if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            unfinished = f"unfinished_{name}"
            conn.execute(f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
            conn.execute(f"CREATE DATABASE {unfinished} TEMPLATE template0")
            database = Database(_url_of(unfinished))
            migrate(database)
            database.dispose()
            conn.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    return name


@functools.cache
def _server_url() -> sa.URL:
    script = ROOT / "scripts/postgresql.sh"
    printed = subprocess.run([script, "url"], check=True, stdout=subprocess.PIPE, text=True)
    return sa.make_url(printed.stdout.strip())


def _url_of(name: str) -> str:
    return _server_url().set(database=name).render_as_string(hide_password=False)


def _server() -> psycopg.Connection:
    url = _server_url()
    return psycopg.connect(
        host=str(url.query["host"]), user=url.username, dbname=url.database, autocommit=True
    )
