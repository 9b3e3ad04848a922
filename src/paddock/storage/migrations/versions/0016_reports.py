"""The tables of reports, advisories and notices."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _reports()
    _report_events()
    _report_replays()
    _advisories()
    _notices()


def _reports() -> None:
    table = "reports"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(24), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("reporter_id", ID),
        sa.Column("is_credited", sa.Boolean(), nullable=False),
        sa.Column("category", sa.String(8), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("state", sa.String(14), nullable=False),
        sa.Column("impact", sa.String(8)),
        sa.Column("ease", sa.String(8)),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("is_severity_decided", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.String(255)),
        sa.Column("commit_oid", sa.String(40)),
        sa.Column("turns", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("details_html", sa.Text(), nullable=False),
        sa.Column("public_from", MOMENT),
        sa.Column("duplicate_of_id", ID),
        sa.Column("fixed_in", sa.String(255)),
        sa.Column("fixed_oid", sa.String(40)),
        sa.Column("due_at", MOMENT),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("text_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        _key(table, "repo_id", "repositories"),
        _key(table, "reporter_id", "accounts", "SET NULL"),
        _key(table, "duplicate_of_id", "reports", "SET NULL"),
        *_named(table),
        sqlite_autoincrement=True,
    )
    _indices(table, "repo_id updated_at id", "repo_id state updated_at id", "duplicate_of_id")
    _indices(table, "reporter_id created_at", "repo_id fixed_oid")


def _report_events() -> None:
    table = "report_events"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(24), nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("author_id", ID),
        sa.Column("is_by_reporter", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("raw", sa.Text()),
        sa.Column("html", sa.Text()),
        _key(table, "report_id", "reports"),
        _key(table, "author_id", "accounts", "SET NULL"),
        *_named(table),
        sqlite_autoincrement=True,
    )
    _indices(table, "report_id id", "author_id created_at")


def _report_replays() -> None:
    table = "report_replays"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(24), nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("commit_oid", sa.String(40), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("is_identical", sa.Boolean(), nullable=False),
        sa.Column("finish", sa.String(20), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _key(table, "report_id", "reports"),
        *_named(table),
        sqlite_autoincrement=True,
    )
    _indices(table, "report_id id")


def _advisories() -> None:
    table, link = "advisories", "advisory_reports"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("author_id", ID),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("details_html", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("advice_html", sa.Text(), nullable=False),
        sa.Column("first_revision", sa.String(255)),
        sa.Column("first_oid", sa.String(40)),
        sa.Column("last_revision", sa.String(255)),
        sa.Column("last_oid", sa.String(40)),
        sa.Column("fixed_revision", sa.String(255)),
        sa.Column("fixed_oid", sa.String(40)),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT),
        _key(table, "repo_id", "repositories"),
        _key(table, "author_id", "accounts", "SET NULL"),
        *_named(table, "name"),
        sqlite_autoincrement=True,
    )
    _indices(table, "repo_id published_at id", "published_at id", "author_id")
    op.create_table(
        link,
        sa.Column("advisory_id", ID, nullable=False),
        sa.Column("report_id", ID, nullable=False),
        _key(link, "advisory_id", "advisories"),
        _key(link, "report_id", "reports"),
        sa.PrimaryKeyConstraint("advisory_id", "report_id", name=f"pk_{link}"),
    )
    _indices(link, "report_id")


def _notices() -> None:
    table = "notices"
    op.create_table(
        table,
        sa.Column("user_id", ID, nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("sentence", sa.String(400), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        _key(table, "user_id", "accounts"),
        _key(table, "repo_id", "repositories"),
        sa.PrimaryKeyConstraint("user_id", "subject", name=f"pk_{table}"),
    )
    _indices(table, "user_id updated_at", "repo_id")


def _named(table: str, column: str = "public_id") -> tuple[Any, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(column, name=f"uq_{table}_{column}"),
    )


def _key(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.Constraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _indices(table: str, *columns: str) -> None:
    for names in columns:
        op.create_index(f"ix_{table}_{names.replace(' ', '_')}", table, names.split())
