"""Rows of gates: which terms bind now, who accepted which, and rules about who is let in.

Knows columns, no behaviour. Requests themselves are ``access_grants`` (``hub.tables``). Who was
deleted stays without a name; a repository takes its rows along.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from paddock.hub.tables import Id, Oid, Sha256, metadata
from paddock.storage.columns import Moment

# What the tip of main binds those to who were let in; no row where it binds nobody.
gate_terms = Table(
    "gate_terms",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Sha256, nullable=False, info={"names_blob": False}),
    Column("is_whole", Boolean, nullable=False),  # else a text is missing: nobody can accept
    Column("changed_at", Moment, nullable=False),
)

# Each time somebody accepted terms.
gate_acceptances = Table(
    "gate_acceptances",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("accepted_at", Moment, nullable=False),
    Column("digest", Sha256, nullable=False, info={"names_blob": False}),
    Column("version", String(100)),
    Column("commit_oid", Oid, nullable=False),
    Column("texts", JSON, nullable=False),  # [{"name", "path", "licence", "sha256"}]
    Index(None, "repo_id", "user_id", "digest"),
    Index(None, "repo_id", "accepted_at", "id"),
    Index(None, "user_id", "accepted_at", "id"),
)

# The words of what somebody accepted, for as long as the repository is there.
gate_texts = Table(
    "gate_texts",
    metadata,
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", Sha256, primary_key=True, info={"names_blob": False}),
    Column("body", Text, nullable=False),
)

# Who is let in, has to wait for a person, or is not, by country or domain of their address.
gate_rules = Table(
    "gate_rules",
    metadata,
    Column("id", Id, primary_key=True),
    Column("repo_id", Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("subject", String(8), nullable=False),  # "country" | "domain"
    Column("value", String(255), nullable=False),
    Column("effect", String(8), nullable=False),  # "deny" | "only" | "review"
    UniqueConstraint("repo_id", "subject", "value"),
)
