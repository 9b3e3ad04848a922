"""Deliveries as a webhook's owner sees them, and sending one again.

Knows rows. Which repository an event was about is told only where it was delivered, or where the
owner may see the repository now: what was withheld stays withheld here, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from paddock import clock
from paddock.errors import NotFound, shown
from paddock.hub.people.accounts import is_askable
from paddock.hub.types import Account
from paddock.hub.webhooks.deliveries import send_now
from paddock.hub.webhooks.hooks import Webhook
from paddock.hub.webhooks.tables import webhook_deliveries, webhook_events
from paddock.hub.webhooks.watchers import Subject, may_know


class DeliveryNotFound(NotFound):
    """The webhook has no such delivery; they are forgotten after a month."""

    code = "delivery_not_found"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery and how its last attempt ended; ``repo`` is None when it may not be told."""

    number: int
    public_id: str
    action: str
    scope: str
    repo: str | None
    state: str
    attempts: int
    status_code: int | None
    error: str | None
    answer: str | None
    duration_ms: int | None
    created_at: datetime
    attempted_at: datetime | None
    next_attempt_at: datetime | None


def list_deliveries(
    conn: sa.Connection, owner: Account, webhook: Webhook, before: int | None, limit: int
) -> list[Delivery]:
    """The newest first, before one of them."""
    query = _of(webhook).order_by(webhook_deliveries.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(webhook_deliveries.c.id < before)
    return [_to_delivery(conn, owner, row) for row in conn.execute(query).mappings()]


def replay(conn: sa.Connection, owner: Account, webhook: Webhook, public_id: str) -> Delivery:
    """Send it again, with the same id and all its attempts; raises DeliveryNotFound."""
    c = webhook_deliveries.c
    query = _of(webhook).where(c.public_id == public_id)
    row = conn.execute(query).mappings().one_or_none() if is_askable(public_id) else None
    if row is None:
        raise DeliveryNotFound(f"there is no delivery {shown(public_id)}")
    again = {"state": "waiting", "attempts": 0, "next_attempt_at": clock.now()}
    conn.execute(webhook_deliveries.update().where(c.id == row[c.id]).values(again))
    send_now(conn, webhook.id)
    return _to_delivery(conn, owner, conn.execute(query).mappings().one())


def _of(webhook: Webhook) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(webhook_deliveries, webhook_events)
        .join(webhook_events, webhook_events.c.id == webhook_deliveries.c.event_id)
        .where(webhook_deliveries.c.webhook_id == webhook.id)
    )


def _to_delivery(conn: sa.Connection, owner: Account, row: sa.RowMapping) -> Delivery:
    c, e = webhook_deliveries.c, webhook_events.c
    subject = Subject(row[e.repo_id], row[e.namespace_id], row[e.was_private], row[e.seen_by])
    is_told = row[c.state] == "delivered" or may_know(conn, owner, subject)
    return Delivery(
        number=row[c.id],
        public_id=row[c.public_id],
        action=row[e.action],
        scope=row[e.scope],
        repo=row[e.body]["repo"]["name"] if is_told else None,
        state=row[c.state],
        attempts=row[c.attempts],
        status_code=row[c.status_code],
        error=row[c.error],
        answer=row[c.answer],
        duration_ms=row[c.duration_ms],
        created_at=row[c.created_at],
        attempted_at=row[c.attempted_at],
        next_attempt_at=row[c.next_attempt_at],
    )
