"""The rows of collections.

An item names its repository by id, so it follows one that is renamed and ends with one that is
deleted. Positions order; they may have gaps after a deletion, and are shown without them.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

collections = Table(
    "collections",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("owner_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("creator_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("title", Text, nullable=False),
    Column("key", String(400), nullable=False),  # the title, as titles are compared
    Column("description", Text),
    Column("is_private", Boolean, nullable=False),
    Column("theme", String(8), nullable=False),
    Column("position", Integer, nullable=False),  # among its owner's
    Column("upvotes", Integer, nullable=False, default=0),
    Column("resource_group_id", String(24)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("owner_id", "key"),
    Index(None, "owner_id", "position"),
    Index(None, "updated_at", "id"),
    Index(None, "upvotes", "id"),
    Index(None, "creator_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

collection_items = Table(
    "collection_items",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("collection_id", Id, ForeignKey("collections.id", ondelete="CASCADE"), nullable=False),
    # One of the two: a repository, or another collection.
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE")),
    Column("nested_id", Id, ForeignKey("collections.id", ondelete="CASCADE")),
    Column("position", Integer, nullable=False),
    Column("note", Text),
    UniqueConstraint("collection_id", "repo_id"),
    UniqueConstraint("collection_id", "nested_id"),
    Index(None, "collection_id", "position"),
    Index(None, "repo_id"),
    Index(None, "nested_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

collection_upvotes = Table(
    "collection_upvotes",
    metadata,
    Column("collection_id", Id, ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "user_id"),
    Index(None, "created_at", "collection_id"),
)
