"""Rows of reports: what was seen, what happened since, and replays.

Knows columns, no behaviour. A report is named by a random id alone, so that nobody counts those
that they may not see.
"""

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
)

from paddock.hub.tables import Id, Oid, Sha256, metadata
from paddock.storage.columns import Moment

MAX_TITLE_CHARS = 200

reports = Table(
    "reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("reporter_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("is_credited", Boolean, nullable=False),
    Column("category", String(8), nullable=False),  # "harmful" | "biased" | "wrong" | "insecure"
    Column("title", String(MAX_TITLE_CHARS), nullable=False),
    Column("state", String(14), nullable=False),  # hub.reports.states
    Column("impact", String(8)),
    Column("ease", String(8)),
    Column("severity", String(8), nullable=False),
    Column("is_severity_decided", Boolean, nullable=False),
    Column("revision", String(255)),  # as the reporter named it
    Column("commit_oid", Oid),
    Column("turns", JSON, nullable=False),  # [[role, text], …]
    # Of the same prompt, whatever its case and space; none of reports of an older paddock.
    Column("prompt_sha256", Sha256, info={"names_blob": False}),
    Column("settings", JSON, nullable=False),
    Column("output", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("details_html", Text, nullable=False),
    Column("public_from", Moment),  # NULL: private; later than now: under an embargo until then
    Column("duplicate_of_id", Id, ForeignKey("reports.id", ondelete="SET NULL")),
    Column("fixed_in", String(255)),
    Column("fixed_oid", Oid),
    Column("due_at", Moment),  # the next deadline
    Column("event_count", Integer, nullable=False),
    Column("text_bytes", BigInteger, nullable=False),  # of every message
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(None, "repo_id", "updated_at", "id"),
    Index(None, "repo_id", "state", "updated_at", "id"),
    Index(None, "reporter_id", "created_at"),
    Index(None, "duplicate_of_id"),
    Index(None, "repo_id", "fixed_oid"),
    Index(None, "repo_id", "prompt_sha256"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

report_events = Table(
    "report_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("report_id", Id, ForeignKey("reports.id", ondelete="CASCADE"), nullable=False),
    Column("type", String(10), nullable=False),
    Column("author_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("is_by_reporter", Boolean, nullable=False),  # known without the account, too
    Column("created_at", Moment, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("raw", Text),  # of a message
    Column("html", Text),
    Index(None, "report_id", "id"),
    Index(None, "author_id", "created_at"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

report_replays = Table(
    "report_replays",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("report_id", Id, ForeignKey("reports.id", ondelete="CASCADE"), nullable=False),
    Column("commit_oid", Oid, nullable=False),
    Column("output", Text, nullable=False),
    Column("is_identical", Boolean, nullable=False),
    Column("finish", String(20), nullable=False),
    Column("max_tokens", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "report_id", "id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)
