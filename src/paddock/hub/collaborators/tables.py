"""Rows of collaborators: a person or a team, and their role on one repository.

Knows columns, no behaviour; what a role means is ``hub.groups.roles``'s business.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

collaborators = Table(
    "collaborators",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE")),  # one of these two
    Column("team_id", Id, ForeignKey("teams.id", ondelete="CASCADE")),
    Column("role", String(12), nullable=False),  # "read" | "write" | "admin"
    Column("expires_at", Moment),  # they have the role until then; None: for good
    Column("added_by_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("repo_id", "user_id"),
    UniqueConstraint("repo_id", "team_id"),
    Index(None, "user_id", "repo_id"),
    Index(None, "team_id"),
    Index(None, "added_by_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)
