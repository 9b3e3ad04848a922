"""Discussions with their events, what users are told of them, and the files that comments show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OID = sa.String(40)
SHA256 = sa.String(64)


def upgrade() -> None:
    _discussion_numbers()
    _discussions()
    _discussion_events()
    _comment_versions()
    _contributions()
    _watches()
    _notifications()
    _attachments()
    _attachment_uses()


def _references(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _discussion_numbers() -> None:
    op.create_table(
        "discussion_numbers",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("last_num", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", name="pk_discussion_numbers"),
        _references("discussion_numbers", "repo_id", "repositories", "CASCADE"),
    )


def _discussions() -> None:
    op.create_table(
        "discussions",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("num", sa.Integer(), nullable=False),
        sa.Column("is_pull_request", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=6), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("text_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("base_ref", sa.String(length=255), nullable=True),
        sa.Column("fork_oid", OID, nullable=True),
        sa.Column("merged_base_oid", OID, nullable=True),
        sa.Column("merged_head_oid", OID, nullable=True),
        sa.Column("merge_oid", OID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_discussions"),
        sa.UniqueConstraint("repo_id", "num", name="uq_discussions_repo_id_num"),
        sa.UniqueConstraint("public_id", name="uq_discussions_public_id"),
        _references("discussions", "repo_id", "repositories", "CASCADE"),
        _references("discussions", "author_id", "accounts", "SET NULL"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_discussions_repo_id_updated_at", "discussions", ["repo_id", "updated_at"])
    op.create_index("ix_discussions_author_id", "discussions", ["author_id"])


def _discussion_events() -> None:
    table = "discussion_events"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("discussion_id", ID, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("edited_at", MOMENT, nullable=True),
        sa.Column("editor_id", ID, nullable=True),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("hider_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_discussion_events"),
        sa.UniqueConstraint("public_id", name="uq_discussion_events_public_id"),
        _references(table, "discussion_id", "discussions", "CASCADE"),
        _references(table, "author_id", "accounts", "SET NULL"),
        _references(table, "editor_id", "accounts", "SET NULL"),
        _references(table, "hider_id", "accounts", "SET NULL"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_discussion_events_discussion_id_id", table, ["discussion_id", "id"])
    op.create_index("ix_discussion_events_author_id", table, ["author_id"])


def _comment_versions() -> None:
    table = "comment_versions"
    op.create_table(
        table,
        sa.Column("event_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("author_id", ID, nullable=True),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("event_id", "number", name="pk_comment_versions"),
        _references(table, "event_id", "discussion_events", "CASCADE"),
        _references(table, "author_id", "accounts", "SET NULL"),
    )


def _contributions() -> None:
    op.create_table(
        "contributions",
        sa.Column("repo_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", "user_id", "sha256", name="pk_contributions"),
        _references("contributions", "repo_id", "repositories", "CASCADE"),
        _references("contributions", "user_id", "accounts", "CASCADE"),
    )
    op.create_index("ix_contributions_repo_id_sha256", "contributions", ["repo_id", "sha256"])
    op.create_index("ix_contributions_user_id", "contributions", ["user_id"])


def _watches() -> None:
    op.create_table(
        "watches",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("repo_id", ID, nullable=True),
        sa.Column("is_watching", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_watches"),
        sa.UniqueConstraint("user_id", "account_id", name="uq_watches_user_id_account_id"),
        sa.UniqueConstraint("user_id", "repo_id", name="uq_watches_user_id_repo_id"),
        _references("watches", "user_id", "accounts", "CASCADE"),
        _references("watches", "account_id", "accounts", "CASCADE"),
        _references("watches", "repo_id", "repositories", "CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_watches_account_id", "watches", ["account_id"])
    op.create_index("ix_watches_repo_id", "watches", ["repo_id"])


def _notifications() -> None:
    table = "notifications"
    op.create_table(
        table,
        sa.Column("user_id", ID, nullable=False),
        sa.Column("discussion_id", ID, nullable=False),
        sa.Column("event_public_id", sa.String(length=24), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("is_mentioned", sa.Boolean(), nullable=False),
        sa.Column("is_participating", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "discussion_id", name="pk_notifications"),
        _references(table, "user_id", "accounts", "CASCADE"),
        _references(table, "discussion_id", "discussions", "CASCADE"),
    )
    op.create_index("ix_notifications_user_id_updated_at", table, ["user_id", "updated_at"])
    op.create_index("ix_notifications_discussion_id", table, ["discussion_id"])


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("uploader_id", ID, nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.UniqueConstraint("name", name="uq_attachments_name"),
        _references("attachments", "uploader_id", "accounts", "CASCADE"),
        sqlite_autoincrement=True,
    )
    for column in ("uploader_id", "sha256", "created_at"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])


def _attachment_uses() -> None:
    table = "attachment_uses"
    op.create_table(
        table,
        sa.Column("attachment_id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("attachment_id", "event_id", name="pk_attachment_uses"),
        _references(table, "attachment_id", "attachments", "CASCADE"),
        _references(table, "event_id", "discussion_events", "CASCADE"),
    )
    op.create_index("ix_attachment_uses_event_id", table, ["event_id"])
