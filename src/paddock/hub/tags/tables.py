"""How many public repositories have a tag, as last counted."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from paddock.hub.tables import metadata
from paddock.storage.columns import Moment

tag_counts = Table(
    "tag_counts",
    metadata,
    Column("kind", String(8), primary_key=True),  # "model" | "dataset" | "space"
    Column("tag", String(256), primary_key=True),
    Column("type", String(32), nullable=False),
    Column("repositories", Integer, nullable=False),
    Index(None, "kind", "type", "repositories", "tag"),
)

# Repositories that changed since then are looked at when somebody asks.
tag_counting = Table(
    "tag_counting",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("counted_at", Moment, nullable=False),
)
