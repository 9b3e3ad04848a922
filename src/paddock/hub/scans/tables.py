"""The rows of scans: verdicts by content, what is refused in a repository, and who allowed what.

Knows columns and indices, no behaviour. A verdict belongs to bytes and a name, whichever
repositories hold them; a refusal and an override belong to one repository.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from paddock.hub.tables import Id, Oid, metadata
from paddock.storage.columns import Moment

NAME_CHARS = 255  # of a path's last part, in bytes even
_IS_REJECT = text("verdict = 'reject'")
_IN_FORCE = text("withdrawn_at IS NULL")

# What a scanner said of a content under a name: the same bytes may be worse under another one.
file_scans = Table(
    "file_scans",
    metadata,
    Column("etag", String(64), primary_key=True),  # SHA-256 of a large file, else git's blob id
    Column("name", String(NAME_CHARS), primary_key=True),  # the last part of the path
    # "clean" | "quarantine" | "reject" | "unscanned": it could not be looked at
    Column("verdict", String(10), nullable=False),
    Column("kind", String(40), nullable=False),  # of checkpoint.scan.kinds; "" where unknown
    Column("reasons", JSON, nullable=False),  # [[code, place, message], …]
    Column("note", Text),  # why it could not be looked at
    Column("scanner", String(40), nullable=False),
    Column("attempts", Integer, nullable=False),  # by this scanner
    Column("scanned_at", Moment, nullable=False),
    # A few of very many: what nobody may be sent is found by these alone.
    Index("ix_file_scans_reject", "etag", sqlite_where=_IS_REJECT, postgresql_where=_IS_REJECT),
)

# What the files of one revision say together, by its root folder.
tree_scans = Table(
    "tree_scans",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("tree_oid", Oid, primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("reasons", JSON, nullable=False),  # [[code, place, message], …]
    Column("scanner", String(40), nullable=False),
    Column("scanned_at", Moment, nullable=False),
)

# Which files of a repository a scan rejected. ``tree_oid`` is the revision of a contradiction
# between files, and empty where the file's own bytes are the reason.
scan_refusals = Table(
    "scan_refusals",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("etag", String(64), primary_key=True),
    Column("name", String(NAME_CHARS), primary_key=True),
    Column("tree_oid", Oid, primary_key=True),
    Column("path", Text, nullable=False),  # one of them
)

# How far a repository was looked at.
repository_scans = Table(
    "repository_scans",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("done", JSON, nullable=False),  # commits whose files, and whose ancestors', are known
    Column("scanner", String(40), nullable=False),
    Column("is_current", Boolean, nullable=False),  # no ref moved since
    Column("looked_at", Moment, nullable=False),
    Index(None, "scanner", "repo_id"),
)

# An administrator's word that a content of a repository may be downloaded all the same. Rows stay
# when they are withdrawn, and when the repository or the administrator goes.
scan_overrides = Table(
    "scan_overrides",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="SET NULL")),
    Column("repository", Text, nullable=False),  # its kind and name then
    Column("etag", String(64), nullable=False),
    Column("path", Text, nullable=False),  # as the administrator named it
    Column("reason", Text, nullable=False),
    Column("verdict", String(10), nullable=False),  # what it overrides
    Column("codes", JSON, nullable=False),  # and why that was
    Column("allowed_by", String(96), nullable=False),
    Column("allowed_at", Moment, nullable=False),
    Column("withdrawn_by", String(96)),
    Column("withdrawn_at", Moment),
    Index(
        "ix_scan_overrides_in_force",
        "repo_id",
        "etag",
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    ),
    Index(None, "repo_id", "id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)
