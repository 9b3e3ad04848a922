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

SEARCH_TABLE = "repository_search"
_ON_SQLITE = (
    f"CREATE VIRTUAL TABLE {SEARCH_TABLE} USING fts5("
    "key, content='repositories', content_rowid='id', tokenize='trigram')",
    f"CREATE TRIGGER {SEARCH_TABLE}_insert AFTER INSERT ON repositories BEGIN "
    f"INSERT INTO {SEARCH_TABLE}(rowid, key) VALUES (new.id, new.key); END",
    f"CREATE TRIGGER {SEARCH_TABLE}_delete AFTER DELETE ON repositories BEGIN "
    f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}, rowid, key) "
    "VALUES ('delete', old.id, old.key); END",
    f"CREATE TRIGGER {SEARCH_TABLE}_update AFTER UPDATE OF key ON repositories BEGIN "
    f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}, rowid, key) "
    "VALUES ('delete', old.id, old.key); "
    f"INSERT INTO {SEARCH_TABLE}(rowid, key) VALUES (new.id, new.key); END",
)
_ON_POSTGRESQL = f"""
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX {SEARCH_TABLE} ON repositories USING gin (key gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported
    OR undefined_object THEN
    RAISE NOTICE 'paddock: without pg_trgm, searches look at every name';
END $$
"""


for _statement in _ON_SQLITE:
    sa.event.listen(repositories, "after_create", sa.DDL(_statement).execute_if(dialect="sqlite"))
sa.event.listen(
    repositories, "after_create", sa.DDL(_ON_POSTGRESQL).execute_if(dialect="postgresql")
)
