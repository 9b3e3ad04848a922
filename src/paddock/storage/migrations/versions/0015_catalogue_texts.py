"""The words of cards, the terms of files, and the indices that find them."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _terms()
    op.create_table(
        "repository_texts",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("head", sa.String(250), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        _of_repository("repository_texts"),
        sa.PrimaryKeyConstraint("repo_id", name="pk_repository_texts"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _search_on_sqlite()
    else:
        op.execute(
            "CREATE INDEX repository_search_texts ON repository_texts USING gin "
            "(array_to_tsvector(array_remove(string_to_array(head || words, ' '), '')))"
        )
        op.execute("CREATE INDEX repository_search_accounts ON accounts (key varchar_pattern_ops)")
    _index_what_is_here()


def _terms() -> None:
    op.create_table(
        "repository_terms",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("term", sa.String(256), nullable=False),
        _of_repository("repository_terms"),
        sa.PrimaryKeyConstraint("repo_id", "term", name="pk_repository_terms"),
    )
    op.create_index("ix_repository_terms_term_repo_id", "repository_terms", ["term", "repo_id"])
    op.create_table(
        "term_counts",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("term", sa.String(256), nullable=False),
        sa.Column("repositories", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "term", name="pk_term_counts"),
    )


def _of_repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["repo_id"], ["repositories.id"], name=f"fk_{table}_repo_id", ondelete="CASCADE"
    )


def _search_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE repository_search_texts USING fts5(head, words, "
        "content='repository_texts', content_rowid='repo_id', "
        "tokenize=\"ascii tokenchars '_'\", detail=none)"
    )
    forget = (
        "INSERT INTO repository_search_texts(repository_search_texts, rowid, head, words) "
        "VALUES ('delete', old.repo_id, old.head, old.words); "
    )
    add = (
        "INSERT INTO repository_search_texts(rowid, head, words) "
        "VALUES (new.repo_id, new.head, new.words); "
    )
    for event, change in (("INSERT", add), ("DELETE", forget), ("UPDATE", forget + add)):
        name = f"repository_search_texts_{event.lower()}"
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON repository_texts BEGIN {change.rstrip()} END"
        )


def _index_what_is_here() -> None:
    """Repositories that were here before are read by a job, behind everything else."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM repositories LIMIT 1")).first() is None:
        return
    jobs = sa.table(
        "jobs",
        sa.column("kind", sa.String),
        sa.column("payload", sa.JSON),
        sa.column("unique_key", sa.String),
        sa.column("state", sa.String),
        sa.column("attempts", sa.Integer),
        sa.column("not_before", sa.DateTime(timezone=True)),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    moment = datetime.now(UTC)
    row = {
        "kind": "catalogue.texts",
        "payload": {},
        "unique_key": "all",
        "state": "waiting",
        "attempts": 0,
        "not_before": moment,
        "created_at": moment,
    }
    op.bulk_insert(jobs, [row])
