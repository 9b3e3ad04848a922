"""The rows of releases' lives: events that count, releases, and what is kept from strangers.

Knows columns, no behaviour. Rows of events are never deleted while the repository is there: who
takes the branch back does not unsay what was said.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from paddock.hub.tables import Id, Oid, Sha256, metadata
from paddock.storage.columns import Moment

lifecycle_events = Table(
    "lifecycle_events",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Sha256, primary_key=True),  # of the payload
    Column("number", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("payload", Text, nullable=False),  # as it was signed
    Column("signers", JSON, nullable=False),  # fingerprints of those that signed it
    Column("applied_at", Moment),  # of a stage: when the hub did as it says
)

# Releases that refs led to, by git's id of their release.json.
lifecycle_releases = Table(
    "lifecycle_releases",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("manifest_oid", Oid, primary_key=True),
    Column("release", Sha256, nullable=False),  # SHA-256 of release.json
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
)

# Weights of revoked releases that no other release of the repository holds.
revoked_contents = Table(
    "revoked_contents",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("etag", String(64), primary_key=True),  # SHA-256 of a large file, else git's blob id
    Column("path", Text, nullable=False),
    Column("sentence", Text, nullable=False),  # the event's
)

# Repositories whose owner wants the hub to keep to the stages that these keys announce.
lifecycle_follows = Table(
    "lifecycle_follows",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("signers", JSON, nullable=False),
    Column("asked_by", String(96), nullable=False),
    Column("asked_at", Moment, nullable=False),
)

Index("ix_lifecycle_events_repo_id_number", lifecycle_events.c.repo_id, lifecycle_events.c.number)
