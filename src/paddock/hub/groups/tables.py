"""Rows of resource groups: some repositories of an organisation, and who may do what with them.

Knows columns, no behaviour; what membership means is ``hub.access``'s business.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

resource_groups = Table(
    "resource_groups",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("org_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("description", Text),
    Column("auto_join_role", String(12)),  # None: members are added by hand
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("org_id", "key"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

resource_group_members = Table(
    "resource_group_members",
    metadata,
    Column("group_id", Id, ForeignKey("resource_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(12), nullable=False),  # as in an organisation
    Column("added_by", Text),
    Index(None, "user_id"),
)

# All members of a team, with its role.
resource_group_teams = Table(
    "resource_group_teams",
    metadata,
    Column("group_id", Id, ForeignKey("resource_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("team_id", Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(12), nullable=False),
    Index(None, "team_id"),
)

# A repository is in one group at most.
resource_group_repositories = Table(
    "resource_group_repositories",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", Id, ForeignKey("resource_groups.id", ondelete="CASCADE"), nullable=False),
    Column("added_by", Text),
    Index(None, "group_id"),
)
