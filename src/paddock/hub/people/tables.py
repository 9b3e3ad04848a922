"""Rows of people beside their accounts: profiles, avatars, and who follows whom."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, Text

from paddock.hub.tables import Id, Sha256, metadata
from paddock.storage.columns import Moment

# What users and organisations say of themselves.
profiles = Table(
    "profiles",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("details", Text),
    Column("website", Text),
    Column("github", String(64)),
)

avatars = Table(
    "avatars",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("media_type", String(16), nullable=False),
    Column("sha256", Sha256, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

follows = Table(
    "follows",
    metadata,
    Column("follower_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("followed_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "followed_id", "created_at", "follower_id"),
    Index(None, "follower_id", "created_at", "followed_id"),
)
