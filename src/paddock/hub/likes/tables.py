"""The rows of likes. ``repositories.likes`` counts them and moves in the same transaction."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

likes = Table(
    "likes",
    metadata,
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "repo_id", "created_at", "user_id"),
    Index(None, "user_id", "created_at", "repo_id"),
    Index(None, "created_at", "repo_id"),  # what is liked now
)
