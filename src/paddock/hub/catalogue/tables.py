"""Rows of the catalogue: downloads by day, and the index that finds names by any part of them.

A name is found by the three-letter pieces it is made of. On SQLite that is an FTS5 table which
triggers keep in step with ``repositories``, whoever changes it; on PostgreSQL an index of the
extension ``pg_trgm``, when the server has it and lets us use it. Neither is a table of the model:
without them the same questions are answered by looking at every name.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table

from paddock.hub.tables import Id, metadata, repositories

# What the window of one download has seen, by whom; kept for as long as servers may still tell.
download_marks = Table(
    "download_marks",
    metadata,
    Column("window", Integer, primary_key=True),  # number of the hour since 1970
    Column("repo_id", Id, primary_key=True),
    Column("client", BigInteger, primary_key=True),  # a keyed hash: no address is kept
)

repository_downloads = Table(
    "repository_downloads",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),  # UTC
    Column("count", Integer, nullable=False),
    Index(None, "day"),
)

_ON_SQLITE = (
    "CREATE VIRTUAL TABLE repository_search USING fts5("
    "key, content='repositories', content_rowid='id', tokenize='trigram')",
    "CREATE TRIGGER repository_search_insert AFTER INSERT ON repositories BEGIN "
    "INSERT INTO repository_search(rowid, key) VALUES (new.id, new.key); END",
    "CREATE TRIGGER repository_search_delete AFTER DELETE ON repositories BEGIN "
    "INSERT INTO repository_search(repository_search, rowid, key) "
    "VALUES ('delete', old.id, old.key); END",
    "CREATE TRIGGER repository_search_update AFTER UPDATE OF key ON repositories BEGIN "
    "INSERT INTO repository_search(repository_search, rowid, key) "
    "VALUES ('delete', old.id, old.key); "
    "INSERT INTO repository_search(rowid, key) VALUES (new.id, new.key); END",
)
_ON_POSTGRESQL = """
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX repository_search ON repositories USING gin (key gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported
    OR undefined_object THEN
    RAISE NOTICE 'paddock: without pg_trgm, searches look at every name';
END $$
"""


def _make(dialect: str, *statements: str) -> None:
    """Let the statements follow the creation of ``repositories``."""
    for statement in statements:
        definition = sa.DDL(statement)  # type: ignore[no-untyped-call]
        sa.event.listen(repositories, "after_create", definition.execute_if(dialect=dialect))


_make("sqlite", *_ON_SQLITE)
_make("postgresql", _ON_POSTGRESQL)
