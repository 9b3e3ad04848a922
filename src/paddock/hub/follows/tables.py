"""The rows of follows."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

follows = Table(
    "follows",
    metadata,
    Column("follower_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("followed_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "followed_id", "created_at", "follower_id"),
    Index(None, "follower_id", "created_at", "followed_id"),
)
