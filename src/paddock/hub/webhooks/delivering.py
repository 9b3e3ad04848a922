"""The jobs behind webhooks: find who is to be told of an event, tell them, forget what is old.

Every webhook has a job of its own, which sends a few of its deliveries and then goes to the end of
the line: a receiver that is slow delays nobody for long, and each gets its events in order unless
one has to be repeated.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import __version__, clock
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.stopping import is_asked_to_stop, stop_here_if_asked
from paddock.hub.webhooks import deliveries, sending
from paddock.hub.webhooks.deliveries import DELIVER, Attempt
from paddock.hub.webhooks.events import FAN_OUT
from paddock.hub.webhooks.payload import render_body
from paddock.hub.webhooks.sending import Limits, Outcome
from paddock.hub.webhooks.signatures import sign
from paddock.hub.webhooks.tables import webhook_events
from paddock.hub.webhooks.watchers import Subject, may_know, page_of_watchers

SWEEP = "webhooks.sweep"
WATCHERS_PER_TRANSACTION = 200
MAX_DELIVERIES_IN_TURN = 10
TURN_SECONDS = 5.0
KEPT = timedelta(days=30)  # of events, with their deliveries
EVENTS_PER_TRANSACTION = 500

every(3600)(SWEEP)


@handler(FAN_OUT)
def fan_out(hub: Hub, payload: dict[str, Any]) -> None:
    """Turn a repository's events, in order, into deliveries for all who watch and may know."""
    page: _Page | None = _Page(payload["repo_id"], 0, 0)
    while page is not None:
        with hub.database.write() as conn:
            page = _fan_out_page(conn, page)


class _Page(NamedTuple):
    """Where to go on: behind which event, or in it behind which webhook."""

    repo_id: int
    event_id: int
    after: int


def _fan_out_page(conn: sa.Connection, page: _Page) -> _Page | None:
    c = webhook_events.c
    query = (
        sa.select(webhook_events)
        .where(c.repo_id == page.repo_id, sa.not_(c.is_fanned_out))
        .order_by(c.id)
        .limit(1)
        .with_for_update()  # two never do the same repository at once, so order is kept
    )
    event = conn.execute(query).mappings().one_or_none()
    if event is None:
        return None
    after = page.after if event["id"] == page.event_id else 0
    subject = Subject(
        event["repo_id"], event["namespace_id"], event["was_private"], event["seen_by"]
    )
    domain = event["scope"].split(".", 1)[0]
    watched = [(key, kind) for key, kind in event["watched"]]
    watchers = page_of_watchers(conn, watched, after, WATCHERS_PER_TRANSACTION)
    told = [
        watcher.webhook_id
        for watcher in watchers
        if domain in watcher.domains and may_know(conn, watcher.owner, subject)
    ]
    deliveries.add(conn, event["id"], told)
    if len(watchers) == WATCHERS_PER_TRANSACTION:
        return _Page(page.repo_id, event["id"], watchers[-1].webhook_id)
    conn.execute(webhook_events.update().where(c.id == event["id"]).values(is_fanned_out=True))
    return _Page(page.repo_id, event["id"], 0)


@handler(DELIVER)
def deliver(hub: Hub, payload: dict[str, Any]) -> None:
    """Send what is due of one webhook, until its turn is over."""
    webhook_id = payload["webhook_id"]
    turn_ends = time.monotonic() + TURN_SECONDS
    with hub.database.write() as conn:
        if not deliveries.take_turn(conn, webhook_id):
            return
    for _ in range(MAX_DELIVERIES_IN_TURN):
        with hub.database.write() as conn:
            attempt = deliveries.begin(conn, webhook_id)
        if attempt is None:
            break
        outcome = _send(hub, attempt)
        with hub.database.write() as conn:
            deliveries.record(conn, attempt, outcome)
        if not outcome.is_delivered or time.monotonic() > turn_ends or is_asked_to_stop():
            break
    with hub.database.write() as conn:
        deliveries.end_turn(conn, webhook_id)


def _send(hub: Hub, attempt: Attempt) -> Outcome:
    body = render_body(attempt.body, attempt.webhook_public_id, hub.background_url)
    timestamp = int(clock.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"paddock/{__version__}",
        "Webhook-Id": attempt.public_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": sign(attempt.signing_key, attempt.public_id, timestamp, body),
    }
    if attempt.secret is not None:
        headers["X-Webhook-Secret"] = attempt.secret
    return sending.send(attempt.url, headers, body, Limits(hub.webhook_targets))


@handler(SWEEP)
def sweep(hub: Hub, payload: dict[str, Any]) -> None:
    """Forget events of long ago and what was sent of them."""
    c = webhook_events.c
    old = sa.select(c.id).where(c.created_at < clock.now() - KEPT).limit(EVENTS_PER_TRANSACTION)
    deleted = EVENTS_PER_TRANSACTION
    while deleted == EVENTS_PER_TRANSACTION:
        stop_here_if_asked()
        with hub.database.write() as conn:
            deleted = conn.execute(webhook_events.delete().where(c.id.in_(old))).rowcount
