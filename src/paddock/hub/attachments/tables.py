"""Rows of attachments: what was uploaded by whom, and which comments use it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from paddock.hub.tables import Id, Sha256, metadata
from paddock.storage.columns import Moment

attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(48), nullable=False, unique=True),  # random, with an extension
    Column("uploader_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("sha256", Sha256, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "uploader_id"),
    Index(None, "sha256"),
    Index(None, "created_at"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

attachment_uses = Table(
    "attachment_uses",
    metadata,
    Column("attachment_id", Id, ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "event_id", Id, ForeignKey("discussion_events.id", ondelete="CASCADE"), primary_key=True
    ),
    Index(None, "event_id"),
)
