"""The rows of mirrors."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

# Namespaces that only the mirror fills. A name that somebody holds here is never one of them, so
# that nothing from outside can appear under it.
mirrored_namespaces = Table(
    "mirrored_namespaces",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
)

mirrors = Table(
    "mirrors",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("upstream", Text, nullable=False),  # the other hub's address
    Column("checked_at", Moment, nullable=False),  # when we last compared with it
    Column("is_gone", Boolean, nullable=False),  # the other hub has it no more; ours stays
)
