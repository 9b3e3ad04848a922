"""Rows of signing in with a browser: sessions, and how often something was guessed at.

Knows columns, no behaviour. Secrets are kept as their SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text

from paddock.hub.tables import Id, Sha256, metadata
from paddock.storage.columns import Moment

# A browser that signed in. The cookie holds the secret; forms hold a text derived from it.
sessions = Table(
    "sessions",
    metadata,
    Column("secret_sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    # The access token with which somebody signed in: with it ends the session.
    Column("token_id", Id, ForeignKey("tokens.id", ondelete="CASCADE")),
    # When whoever is signed in last proved who they are: more than a stolen cookie shows.
    Column("confirmed_at", Moment, nullable=False),
    # For its user, who tells by them which of the sessions are theirs.
    Column("address", Text),  # from which it was begun
    Column("agent", Text),  # the browser, as it called itself
    Column("seen_on", Date),  # the last day, UTC, on which it was used
    Index(None, "user_id"),
    Index(None, "token_id"),
    Index(None, "expires_at"),
)

# How often something was tried in the current window: "account:alice", "address:10.0.0.1".
attempts = Table(
    "attempts",
    metadata,
    Column("subject", String(200), primary_key=True),
    Column("ends_at", Moment, nullable=False),  # the window
    Column("tries", Integer, nullable=False),
    Index(None, "ends_at"),
)
