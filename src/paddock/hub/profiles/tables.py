"""The rows of what people say of themselves, and of how they look."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, Text

from paddock.hub.tables import Id, Sha256, metadata

profiles = Table(
    "profiles",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("details", Text),
    Column("website", Text),
    Column("github", String(64)),
)

# An uploaded picture; an account without one is drawn from its name (``profiles.pictures``).
avatars = Table(
    "avatars",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("media_type", String(16), nullable=False),
    Column("sha256", Sha256, nullable=False, info={"names_blob": False}),  # of the content
    Column("content", LargeBinary, nullable=False),
)
