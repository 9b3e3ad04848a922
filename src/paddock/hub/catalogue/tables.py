"""Rows of the catalogue: downloads by day, terms and words, and the indices that find names by any
part of them and texts by the beginnings of their words.

A name is found by the three-letter pieces it is made of. On SQLite that is an FTS5 table which
triggers keep in step with ``repositories``, whoever changes it; on PostgreSQL an index of the
extension ``pg_trgm``, when the server has it and lets us use it. The words of a text are cut by us
(``words``), so both databases find the same: SQLite by another FTS5 table, PostgreSQL by an index
on them as a ``tsvector``. None of these is a table of the model: without them the same questions
are answered by looking at every name and text.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from paddock.hub.tables import Id, accounts, metadata, repositories

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

# What the hub itself read in a repository's files (``terms``); what cards say is in
# ``repository_tags``, and nothing that a card says comes here.
repository_terms = Table(
    "repository_terms",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("term", String(256), primary_key=True),
    Index(None, "term", "repo_id"),
)

# How many public repositories have a term, as last counted.
term_counts = Table(
    "term_counts",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("term", String(256), primary_key=True),
    Column("repositories", Integer, nullable=False),
)

# Every distinct word of name, tags and card, each behind a space (``texts``).
repository_texts = Table(
    "repository_texts",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("head", String(250), nullable=False),  # the kind, and the words of the name
    Column("words", Text, nullable=False),
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
_TEXTS_ON_SQLITE = (
    # A word ends at a space alone, and nobody asks where in a text it stands.
    "CREATE VIRTUAL TABLE repository_search_texts USING fts5(head, words, "
    "content='repository_texts', content_rowid='repo_id', tokenize=\"ascii tokenchars '_'\", "
    "detail=none)",
    "CREATE TRIGGER repository_search_texts_insert AFTER INSERT ON repository_texts BEGIN "
    "INSERT INTO repository_search_texts(rowid, head, words) "
    "VALUES (new.repo_id, new.head, new.words); END",
    "CREATE TRIGGER repository_search_texts_delete AFTER DELETE ON repository_texts BEGIN "
    "INSERT INTO repository_search_texts(repository_search_texts, rowid, head, words) "
    "VALUES ('delete', old.repo_id, old.head, old.words); END",
    "CREATE TRIGGER repository_search_texts_update AFTER UPDATE ON repository_texts BEGIN "
    "INSERT INTO repository_search_texts(repository_search_texts, rowid, head, words) "
    "VALUES ('delete', old.repo_id, old.head, old.words); "
    "INSERT INTO repository_search_texts(rowid, head, words) "
    "VALUES (new.repo_id, new.head, new.words); END",
)
AS_DOCUMENT = "array_to_tsvector(array_remove(string_to_array(head || words, ' '), ''))"
_TEXTS_ON_POSTGRESQL = (
    f"CREATE INDEX repository_search_texts ON repository_texts USING gin ({AS_DOCUMENT})"
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


def _make(table: Table, dialect: str, *statements: str) -> None:
    """Let the statements follow the creation of the table."""
    for statement in statements:
        definition = sa.DDL(statement)  # type: ignore[no-untyped-call]
        sa.event.listen(table, "after_create", definition.execute_if(dialect=dialect))


# Names of people are found by how they begin, whatever the order of the database's language is.
_ACCOUNTS_ON_POSTGRESQL = (
    "CREATE INDEX repository_search_accounts ON accounts (key varchar_pattern_ops)"
)

_make(accounts, "postgresql", _ACCOUNTS_ON_POSTGRESQL)
_make(repositories, "sqlite", *_ON_SQLITE)
_make(repositories, "postgresql", _ON_POSTGRESQL)
_make(repository_texts, "sqlite", *_TEXTS_ON_SQLITE)
_make(repository_texts, "postgresql", _TEXTS_ON_POSTGRESQL)
