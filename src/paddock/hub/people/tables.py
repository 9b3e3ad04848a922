"""Rows of signing in and of names that are kept: sessions, failed attempts, names that were left.

Knows columns, no behaviour. Secrets are kept as their SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from paddock.hub.tables import Id, Sha256, metadata
from paddock.storage.columns import Moment

# A browser that signed in. The cookie holds the secret; forms hold a text derived from it.
sessions = Table(
    "sessions",
    metadata,
    Column("secret_sha256", Sha256, primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

# How often something was guessed at in the current window: "account:alice", "address:10.0.0.1".
attempts = Table(
    "attempts",
    metadata,
    Column("subject", String(200), primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Index(None, "started_at"),
)

# Names of accounts that were renamed or deleted: nobody may take them but ``keeper``, if any.
kept_names = Table(
    "kept_names",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("name", Text, nullable=False),  # case kept
    Column("keeper_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("reason", String(8), nullable=False),  # "renamed" | "deleted"
    Column("left_at", Moment, nullable=False),
    Index(None, "keeper_id"),
)
