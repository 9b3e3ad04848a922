"""The rows of kept packs: one a repository, for all servers of a hub."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from paddock.hub.tables import Id, Oid, Sha256, metadata

kept_packs = Table(
    "kept_packs",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("blob_sha256", Sha256, nullable=False),  # the whole pack, as a clone receives it
    Column("size_bytes", BigInteger, nullable=False),
    Column("object_count", Integer, nullable=False),
    Column("digest", Oid, nullable=False),  # the pack's own, which is its last 20 bytes
    Column("tips", Text, nullable=False),  # commits to which all of it leads, joined by a space
    Column("tags", Text, nullable=False),  # annotated tags in it, likewise
    Column("held_objects", BigInteger, nullable=False),  # what the repository held at that time
    Index(None, "blob_sha256"),
)
