"""Rows of advisories, and the reports that each of them is made of."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text

from paddock.hub.tables import Id, Oid, metadata
from paddock.storage.columns import Moment

MAX_TITLE_CHARS = 200

advisories = Table(
    "advisories",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),  # PADDOCK-2026-3f9a12bc
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("title", String(MAX_TITLE_CHARS), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("details", Text, nullable=False),
    Column("details_html", Text, nullable=False),
    Column("advice", Text, nullable=False),  # what to do
    Column("advice_html", Text, nullable=False),
    # The first affected revision and the last one, or the one that puts it right: as they were
    # named, and their commits. Without a first one all are affected; without an end, all since.
    Column("first_revision", String(255)),
    Column("first_oid", Oid),
    Column("last_revision", String(255)),
    Column("last_oid", Oid),
    Column("fixed_revision", String(255)),
    Column("fixed_oid", Oid),
    Column("tags", JSON, nullable=False),  # those that were affected when it was last changed
    Column("published_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    Index(None, "repo_id", "published_at", "id"),
    Index(None, "published_at", "id"),
    Index(None, "author_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

advisory_reports = Table(
    "advisory_reports",
    metadata,
    Column("advisory_id", Id, ForeignKey("advisories.id", ondelete="CASCADE"), primary_key=True),
    Column("report_id", Id, ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "report_id"),
)
