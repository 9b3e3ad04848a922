"""Rows of a space's settings for the one who runs it: secrets and variables.

Knows columns, no behaviour. A secret's value is kept encrypted and never leaves.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, Text

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

space_settings = Table(
    "space_settings",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # "secret" | "variable"
    Column("key", String(256), primary_key=True),
    Column("value", LargeBinary, nullable=False),  # of a secret: nonce and ciphertext
    Column("description", Text),
    Column("updated_at", Moment, nullable=False),
)
