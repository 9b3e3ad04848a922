"""The rows of the log of downloads.

Knows columns, no behaviour. Who was deleted stays without a name; a repository takes its log along.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from paddock.hub.tables import Id, Oid, metadata
from paddock.storage.columns import Moment

file_downloads = Table(
    "file_downloads",
    metadata,
    # A digest of who took what in which hour: the requests of one download are one row.
    Column("mark", String(32), primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("way", String(4), nullable=False),  # "file" | "xet" | "lfs" | "git" | "diff"
    Column("commit_oid", Oid),  # None: whoever asked named no revision
    Column("path", Text),  # None: all of the repository, or a file that is at no path any more
    Column("happened_at", Moment, nullable=False),
    Index(None, "repo_id", "happened_at", "mark"),
    Index(None, "user_id"),
    Index(None, "happened_at"),
)
