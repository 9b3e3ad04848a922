"""Rows of notifications: one for each user and discussion, what users watch or mute, notices."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

# A user's word on a repository, or on all of a namespace; without one, users watch what is theirs.
watches = Table(
    "watches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE")),  # one of these two
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE")),
    Column("is_watching", Boolean, nullable=False),
    UniqueConstraint("user_id", "account_id"),
    UniqueConstraint("user_id", "repo_id"),
    Index(None, "account_id"),
    Index(None, "repo_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

notifications = Table(
    "notifications",
    metadata,
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("discussion_id", Id, ForeignKey("discussions.id", ondelete="CASCADE"), primary_key=True),
    Column("event_public_id", String(24), nullable=False),  # the last event they were told of
    Column("updated_at", Moment, nullable=False),
    Column("is_read", Boolean, nullable=False),
    Column("is_mentioned", Boolean, nullable=False),
    Column("is_participating", Boolean, nullable=False),
    Index(None, "user_id", "updated_at"),
    Index(None, "discussion_id"),
)

# Of what a user hears no more, whatever happens in it.
muted_discussions = Table(
    "muted_discussions",
    metadata,
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("discussion_id", Id, ForeignKey("discussions.id", ondelete="CASCADE"), primary_key=True),
    Column("muted_at", Moment, nullable=False),
    Index(None, "discussion_id"),
)

# What a user was told beside discussions: of a report, of an advisory. One for each subject.
notices = Table(
    "notices",
    metadata,
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("subject", String(64), primary_key=True),  # "report:…", "advisory:…"
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("sentence", String(400), nullable=False),  # what happened last
    Column("path", Text, nullable=False),  # of the page behind the repository's, "/reports/…"
    Column("updated_at", Moment, nullable=False),
    Column("is_read", Boolean, nullable=False),
    Index(None, "user_id", "updated_at"),
    Index(None, "repo_id"),
)
