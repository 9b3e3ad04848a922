"""Rows of webhooks: where to send, what is watched, what happened, and every delivery."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("owner_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("domains", JSON, nullable=False),  # of "repo" and "discussion"
    Column("secret", Text),  # sent as it is, in a header
    Column("signing_key", LargeBinary, nullable=False),  # never sent: signs every delivery
    Column("is_disabled", Boolean, nullable=False),
    Column("disabled_reason", Text),  # when it was not the owner
    Column("failures", Integer, nullable=False),  # since the last success
    Column("failing_since", Moment),  # the first of them
    Column("paused_until", Moment),  # nothing is sent before
    Column("sending_until", Moment),  # somebody sends; one at a time, so that order is kept
    Column("created_at", Moment, nullable=False),
    Index(None, "owner_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

webhook_watches = Table(
    "webhook_watches",
    metadata,
    Column("webhook_id", Id, ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("kind", String(8), nullable=False),  # "user" | "org" | "model" | "dataset" | …
    Column("name", String(193), nullable=False),  # as it was written; need not exist
    Column("key", String(193), nullable=False),
    Index(None, "key", "kind"),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("action", String(8), nullable=False),
    Column("scope", String(24), nullable=False),
    Column("body", JSON, nullable=False),  # the payload but for what differs between webhooks
    Column("watched", JSON, nullable=False),  # [key, kind]: who watches one of these is told
    # Who may know of it is decided when it is sent, when the repository may be gone.
    Column("repo_id", Id, nullable=False),
    Column("namespace_id", Id, nullable=False),
    Column("was_private", Boolean, nullable=False),
    Column("seen_by", JSON),  # of a private repository that is deleted: who might see it
    Column("is_fanned_out", Boolean, nullable=False),  # everyone who is to be told has a delivery
    Column("created_at", Moment, nullable=False),
    Index(None, "created_at"),
    Index(None, "repo_id", "is_fanned_out"),
    sqlite_autoincrement=True,  # an id is never given to another row
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("webhook_id", Id, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Id, ForeignKey("webhook_events.id", ondelete="CASCADE"), nullable=False),
    # "waiting" | "delivered" | "failed" | "withheld"
    Column("state", String(9), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment),  # while it waits
    Column("status_code", Integer),  # of the last attempt, when there was an answer
    Column("error", Text),
    Column("answer", Text),  # the beginning of the last answer's body
    Column("duration_ms", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("attempted_at", Moment),
    UniqueConstraint("webhook_id", "event_id"),
    Index(None, "webhook_id", "state", "next_attempt_at"),
    Index(None, "event_id"),
    sqlite_autoincrement=True,  # an id is never given to another row
)
