"""The rows of released models: what stands at main, whose right signatures, from which models.

Knows columns, no behaviour. They repeat what files say, so that a question about many repositories
reads no files; a job keeps them in step with main.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from paddock.hub.tables import Id, Oid, Sha256, metadata

# One for every model that was looked at, also for those without a release.
released = Table(
    "released",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("seen", String(130), nullable=False),  # git's ids of the files that were read
    Column("manifest_oid", Oid),  # of release.json; None where none can be read
    Column("release", Sha256),
    Column("name", Text),
    Column("version", Text),
    Column("stage", String(40)),
)

release_keys = Table(
    "release_keys",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", Sha256, primary_key=True),
    Index(None, "fingerprint", "repo_id"),
)

# Only of releases that a key which they name has signed.
release_ancestors = Table(
    "release_ancestors",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(200), primary_key=True),  # the name, in lower case
    Column("edges", String(500), primary_key=True),  # how it came from there: "adapter finetune"
    Column("name", Text, nullable=False),
    Column("is_near", Boolean, nullable=False),  # whether it is a parent
    Index(None, "key", "is_near", "repo_id"),
)
