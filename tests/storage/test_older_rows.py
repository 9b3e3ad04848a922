"""Rows that an older paddock wrote, after the tables were upgraded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from paddock.storage import migrate as module
from paddock.storage.database import Database
from paddock.storage.migrate import migrate
from tests.databases import empty_postgresql_url

VIEWED, SENT = "a" * 64, "b" * 64
NOW = "2026-01-01 00:00:00"


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as it was before chunks were indexed."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/old.db")
        yield upgraded(database, "0011")
        database.dispose()
        return
    with empty_postgresql_url() as url:
        database = Database(url)
        yield upgraded(database, "0011")
        database.dispose()


def upgraded(database: Database, revision: str) -> Database:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(module.__file__).with_name("migrations")).replace("%", "%%")
    )
    with database.write() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
    return database


def add_file(conn: sa.Connection, name: str, *, is_view: bool) -> None:
    """A large file of one xorb: a blob that is viewed, or one that came by Xet."""
    values = {"name": name, "blob": is_view, "start": 0 if is_view else None, "now": NOW}
    for statement in (
        "INSERT INTO large_files (sha256, size_bytes, is_blob, xet_hash)"
        " VALUES (:name, 5, :blob, :name)",
        "INSERT INTO xorbs (hash, blob_sha256, serialized_bytes, unpacked_bytes, chunk_count,"
        " chunks, created_at, view_start) VALUES (:name, :name, 13, 5, 1, '', :now, :start)",
        "INSERT INTO xet_files (hash, size_bytes, sha256, terms) VALUES (:name, 5, :name, '')",
        "INSERT INTO xet_file_xorbs (file_hash, xorb_hash) VALUES (:name, :name)",
    ):
        conn.execute(sa.text(statement), values)


def test_blobs_that_were_cut_evenly_wait_to_be_cut_where_clients_cut(older: Database) -> None:
    with older.write() as conn:
        add_file(conn, VIEWED, is_view=True)
        add_file(conn, SENT, is_view=False)
    migrate(older)
    with older.read() as conn:
        rows = conn.execute(sa.text("SELECT sha256, xet_hash FROM large_files ORDER BY sha256"))
        assert [tuple(row) for row in rows] == [(VIEWED, None), (SENT, SENT)]
        assert conn.execute(sa.text("SELECT hash FROM xet_files")).scalars().all() == [SENT]
        links = conn.execute(sa.text("SELECT file_hash FROM xet_file_xorbs")).scalars().all()
        assert links == [SENT]
        assert conn.execute(sa.text("SELECT hash FROM xorbs")).scalars().all() == [SENT]
