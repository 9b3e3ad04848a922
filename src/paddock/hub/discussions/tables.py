"""Rows of discussions: the thread, its events, and the earlier versions of its comments."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from paddock.hub.tables import Id, Oid, Sha256, metadata
from paddock.storage.columns import Moment

MAX_TITLE_CHARS = 200

# The last number that was given in a repository: never given again, even after a deletion.
discussion_numbers = Table(
    "discussion_numbers",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("last_num", Integer, nullable=False),
)

discussions = Table(
    "discussions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("num", Integer, nullable=False),
    Column("is_pull_request", Boolean, nullable=False),
    Column("status", String(6), nullable=False),  # "draft" | "open" | "closed" | "merged"
    Column("title", String(MAX_TITLE_CHARS), nullable=False),
    Column("author_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("is_pinned", Boolean, nullable=False),
    Column("comment_count", Integer, nullable=False),
    Column("event_count", Integer, nullable=False),
    Column("text_bytes", BigInteger, nullable=False),  # of every comment in every version
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),  # of the last event
    # Pull requests: the branch it is for, and where that branch was when it began.
    Column("base_ref", String(255)),
    Column("fork_oid", Oid),
    # Once merged: the branch and the proposal as they were, and the commit that was made.
    Column("merged_base_oid", Oid),
    Column("merged_head_oid", Oid),
    Column("merge_oid", Oid),
    UniqueConstraint("repo_id", "num"),
    Index(None, "repo_id", "updated_at"),
    Index(None, "author_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

discussion_events = Table(
    "discussion_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("discussion_id", Id, ForeignKey("discussions.id", ondelete="CASCADE"), nullable=False),
    # "comment" | "status-change" | "title-change" | "pinning-change" | "commit"
    Column("type", String(16), nullable=False),
    Column("author_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("created_at", Moment, nullable=False),
    Column("facts", JSON, nullable=False),  # what an event that is no comment says
    # Of a comment; the text of a hidden one is gone.
    Column("raw", Text),
    Column("html", Text),
    Column("edited_at", Moment),
    Column("editor_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("is_hidden", Boolean, nullable=False),
    Column("hider_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Index(None, "discussion_id", "id"),
    Index(None, "author_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# What a comment said before it was edited.
comment_versions = Table(
    "comment_versions",
    metadata,
    Column(
        "event_id", Id, ForeignKey("discussion_events.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("number", Integer, primary_key=True),  # 1 is the first
    Column("raw", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("author_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("written_at", Moment, nullable=False),
)

# What somebody sends for pull requests to a repository they may not write to.
contributions = Table(
    "contributions",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    # Of a large file, which the repository may not even have got yet; or a git object's id.
    Column("sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("size_bytes", BigInteger, nullable=False),
    Index(None, "user_id"),
    Index(None, "repo_id", "sha256"),
)
