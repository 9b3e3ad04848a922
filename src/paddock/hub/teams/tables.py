"""Rows of teams: named sets of an organisation's members.

Knows columns, no behaviour; what a team's roles mean is ``hub.groups.roles``'s business.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("org_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(42), nullable=False),
    Column("key", String(42), nullable=False),
    Column("description", Text),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("org_id", "key"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

team_members = Table(
    "team_members",
    metadata,
    Column("team_id", Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(10), nullable=False),  # "maintainer" | "member"
    Index(None, "user_id"),
)
