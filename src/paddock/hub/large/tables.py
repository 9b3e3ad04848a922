"""The rows about large files beyond what everyone knows of them: locks, use, quotas, removal.

Knows columns and indices, no behaviour. ``idle_since`` columns, here and in ``hub/tables.py``, say
since when the sweep finds that nothing refers to a row; whoever relies on the row clears it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from paddock.hub.tables import Id, Sha256, XetHash, metadata
from paddock.storage.columns import Moment

# git-lfs locks: one file, one owner, whatever the branch.
lfs_locks = Table(
    "lfs_locks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    # PostgreSQL cannot index long text: equal paths are found by their digest.
    Column("path", Text, nullable=False),
    Column("path_sha256", Sha256, nullable=False, info={"names_blob": False}),
    Column("owner_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("ref", String(255)),  # where the owner was when they took it: told, not enforced
    Column("locked_at", Moment, nullable=False),
    UniqueConstraint("repo_id", "path_sha256"),
    Index(None, "owner_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

# Bytes that a repository counts for, each content once: kept in step by whoever adds or removes.
repository_usage = Table(
    "repository_usage",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("large_bytes", BigInteger, nullable=False),
    Column("git_bytes", BigInteger, nullable=False),
)

# What an account's repositories may hold together, where it differs from the hub's default.
quotas = Table(
    "quotas",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("quota_bytes", BigInteger),  # None: without limit
)

# Numbers that every server of one database must agree on.
hub_limits = Table(
    "hub_limits",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Blobs that no row named when the sweep looked. A blob is deleted when it is still so after a
# while; its row outlives it for a day, so that an upload that counted on the bytes can tell.
condemned_blobs = Table(
    "condemned_blobs",
    metadata,
    Column("sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("condemned_at", Moment, nullable=False),
    Column("is_deleting", Boolean, nullable=False),
    Column("deleted_at", Moment),
    Index(None, "condemned_at"),
)

# Which xorbs a Xet file is made of: what its packed terms say, as rows that keys protect.
xet_file_xorbs = Table(
    "xet_file_xorbs",
    metadata,
    Column(
        "file_hash", XetHash, ForeignKey("xet_files.hash", ondelete="CASCADE"), primary_key=True
    ),
    Column("xorb_hash", XetHash, ForeignKey("xorbs.hash"), primary_key=True),
    Index(None, "xorb_hash"),
)

# Which xorbs hold a chunk: only of chunks that clients ask for, and of every file's first one.
xet_chunks = Table(
    "xet_chunks",
    metadata,
    Column("chunk_hash", XetHash, primary_key=True),
    Column("xorb_hash", XetHash, ForeignKey("xorbs.hash", ondelete="CASCADE"), primary_key=True),
    Index(None, "xorb_hash"),
)

# Which accounts may name chunks of a xorb without being able to read a file that is made of them.
xorb_known_to = Table(
    "xorb_known_to",
    metadata,
    Column("xorb_hash", XetHash, ForeignKey("xorbs.hash", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    # None: they sent all of it. Else a bit for each chunk, set for those that they were told of.
    Column("told", LargeBinary),
    Column("since", Moment, nullable=False),
    Index(None, "account_id"),
)

# The terms that a repository sees of a file, where they are not those that it came with first.
xet_own_terms = Table(
    "xet_own_terms",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("file_hash", XetHash, primary_key=True),
    Column("own_hash", XetHash, ForeignKey("xet_files.hash", ondelete="CASCADE"), nullable=False),
    Index(None, "own_hash"),
)

# Xorbs as they were sent to a repository, where they are stored in another form: see variants.py.
xorb_variants = Table(
    "xorb_variants",
    metadata,
    Column("xorb_hash", XetHash, ForeignKey("xorbs.hash", ondelete="CASCADE"), primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Id, nullable=False),  # who sent it
    Column("blob_sha256", Sha256, nullable=False),
    Column("serialized_bytes", Integer, nullable=False),
    Column("chunks", LargeBinary, nullable=False),  # as in xorbs; the same hashes, other frames
    Column("view_start", BigInteger),
    Column("sent_at", Moment, nullable=False),
    Index(None, "repo_id"),
    Index(None, "blob_sha256"),
)
