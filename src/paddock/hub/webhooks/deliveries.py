"""Deliveries as rows: what is to be sent, what was, how often it was tried, and what came of it.

Knows when a delivery is due and when it has failed for good; sends nothing. Each is tried nine
times within a day. A webhook that fails is paused as a whole, longer each time, so that a receiver
that is down costs one attempt now and then; one that has failed for three days is turned off.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.jobs.backoff import retry_delay
from paddock.hub.jobs.queue import enqueue, reschedule
from paddock.hub.people.accounts import new_public_id, to_account
from paddock.hub.tables import accounts
from paddock.hub.webhooks.sending import Outcome
from paddock.hub.webhooks.tables import webhook_deliveries, webhook_events, webhooks
from paddock.hub.webhooks.watchers import Subject, may_know
from paddock.storage.sql import insert_ignore

DELIVER = "webhooks.deliver"  # the kind of job that sends what is due of one webhook

# Waits between the attempts; half of each is jittered.
RETRY_SECONDS = (10, 60, 300, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
MAX_ATTEMPTS = len(RETRY_SECONDS) + 1
MAX_WAITING = 1000  # of one webhook; what happens beyond is not sent
LONGEST_PAUSE = timedelta(hours=1)
OFF_AFTER = timedelta(days=3)
OFF_AFTER_FAILURES = 10
GONE = 410  # a receiver that answers so wants no more
TURN_LASTS = timedelta(minutes=2)  # when the process dies in it, another may send after this
_FRESH = {"failures": 0, "failing_since": None, "paused_until": None}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that is being sent, with everything that is needed for it."""

    delivery_id: int
    public_id: str
    attempts: int  # this one included
    webhook_id: int
    webhook_public_id: str
    url: str
    secret: str | None
    signing_key: bytes
    body: dict[str, Any]


def add(conn: sa.Connection, event_id: int, webhook_ids: Collection[int]) -> None:
    """Let these webhooks be told of an event; doing it twice is harmless."""
    if not webhook_ids:
        return
    moment = clock.now()
    full = _full(conn, webhook_ids)
    rows = [
        {
            "public_id": new_public_id(),
            "webhook_id": webhook_id,
            "event_id": event_id,
            "state": "failed" if webhook_id in full else "waiting",
            "error": f"{MAX_WAITING} deliveries were waiting already"
            if webhook_id in full
            else None,
            "attempts": 0,
            "next_attempt_at": None if webhook_id in full else moment,
            "created_at": moment,
        }
        for webhook_id in webhook_ids
    ]
    insert_ignore(conn, webhook_deliveries, rows)
    for webhook_id in webhook_ids:
        _enqueue(conn, webhook_id, moment)


def take_turn(conn: sa.Connection, webhook_id: int) -> bool:
    """Whether it is ours to send what this webhook owes, until ``end_turn``: one at a time does.

    Who finds another at it comes again when that one must have ended, or died.
    """
    moment = clock.now()
    query = sa.select(webhooks.c.sending_until).where(webhooks.c.id == webhook_id)
    row = conn.execute(query.with_for_update()).one_or_none()
    if row is None:
        return False
    if row.sending_until is not None and row.sending_until > moment:
        _enqueue(conn, webhook_id, row.sending_until)
        return False
    _set_webhook(conn, webhook_id, sending_until=moment + TURN_LASTS)
    return True


def end_turn(conn: sa.Connection, webhook_id: int) -> None:
    """Let the next one send, when there is something to send again."""
    _set_webhook(conn, webhook_id, sending_until=None)
    at = _next_moment(conn, webhook_id)
    if at is not None:
        _enqueue(conn, webhook_id, at)
    # Who found us at it waits for our end, and would let others wait for it.
    reschedule(conn, DELIVER, str(webhook_id), at or clock.now())


def send_now(conn: sa.Connection, webhook_id: int) -> None:
    """Let what this webhook owes be sent at once, whatever it was waiting for."""
    moment = clock.now()
    _set_webhook(conn, webhook_id, **_FRESH)
    _enqueue(conn, webhook_id, moment)
    reschedule(conn, DELIVER, str(webhook_id), moment)


def begin(conn: sa.Connection, webhook_id: int) -> Attempt | None:
    """The next delivery that is due, now being sent; None when there is none.

    What may no longer be told is withheld on the way; what a webhook that is off owes has failed.
    """
    moment = clock.now()
    query = sa.select(webhooks, accounts).join(accounts, accounts.c.id == webhooks.c.owner_id)
    row = conn.execute(query.where(webhooks.c.id == webhook_id)).mappings().one_or_none()
    if row is None:
        return None
    if row[webhooks.c.is_disabled]:
        end_waiting(conn, webhook_id, "the webhook is turned off")
        return None
    paused_until = row[webhooks.c.paused_until]
    if paused_until is not None and paused_until > moment:
        return None
    owner = to_account(row)
    while (due := _next_due(conn, webhook_id, moment)) is not None:
        e = webhook_events.c
        subject = Subject(due[e.repo_id], due[e.namespace_id], due[e.was_private], due[e.seen_by])
        if may_know(conn, owner, subject):
            return _begin(conn, row, due, moment)
        _set(conn, due[webhook_deliveries.c.id], state="withheld", next_attempt_at=None)
    return None


def record(conn: sa.Connection, attempt: Attempt, outcome: Outcome) -> None:
    """Note how an attempt ended, and what follows for the delivery and its webhook."""
    moment = clock.now()
    values: dict[str, Any] = {
        "status_code": outcome.status_code,
        "error": outcome.error,
        "answer": outcome.answer,
        "duration_ms": outcome.duration_ms,
        "next_attempt_at": None,
    }
    if outcome.is_delivered:
        values["state"] = "delivered"
    elif attempt.attempts >= MAX_ATTEMPTS:
        values["state"] = "failed"
    else:
        seconds = RETRY_SECONDS[attempt.attempts - 1] * (1 + random.random()) / 2  # noqa: S311
        values["next_attempt_at"] = moment + timedelta(seconds=seconds)
    _set(conn, attempt.delivery_id, **values)
    if outcome.is_delivered:
        _set_webhook(conn, attempt.webhook_id, **_FRESH)
    else:
        _note_failure(conn, attempt.webhook_id, outcome, moment)


def end_waiting(conn: sa.Connection, webhook_id: int, reason: str) -> None:
    """Nothing that waits is sent any more."""
    c = webhook_deliveries.c
    change = webhook_deliveries.update().where(c.webhook_id == webhook_id, c.state == "waiting")
    conn.execute(change.values(state="failed", error=reason, next_attempt_at=None))


def _next_moment(conn: sa.Connection, webhook_id: int) -> datetime | None:
    c = webhook_deliveries.c
    earliest = (
        sa.select(c.next_attempt_at)
        .where(c.webhook_id == webhook_id, c.state == "waiting")
        .order_by(c.next_attempt_at)
        .limit(1)
    )
    paused = sa.select(webhooks.c.paused_until).where(webhooks.c.id == webhook_id)
    due: datetime | None = conn.execute(earliest).scalar_one_or_none()
    paused_until: datetime | None = conn.execute(paused).scalar_one_or_none()
    return due if due is None or paused_until is None else max(due, paused_until)


def _full(conn: sa.Connection, webhook_ids: Collection[int]) -> set[int]:
    c = webhook_deliveries.c
    query = (
        sa.select(c.webhook_id)
        .where(c.webhook_id.in_(webhook_ids), c.state == "waiting")
        .group_by(c.webhook_id)
        .having(sa.func.count() >= MAX_WAITING)
    )
    return set(conn.execute(query).scalars())


def _next_due(conn: sa.Connection, webhook_id: int, moment: datetime) -> sa.RowMapping | None:
    c = webhook_deliveries.c
    query = (
        sa.select(webhook_deliveries, webhook_events)
        .join(webhook_events, webhook_events.c.id == c.event_id)
        .where(c.webhook_id == webhook_id, c.state == "waiting", c.next_attempt_at <= moment)
        .order_by(c.next_attempt_at, c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=webhook_deliveries)
    )
    return conn.execute(query).mappings().one_or_none()


def _begin(
    conn: sa.Connection, webhook: sa.RowMapping, due: sa.RowMapping, moment: datetime
) -> Attempt:
    c = webhook_deliveries.c
    attempts = due[c.attempts] + 1
    again = moment + TURN_LASTS  # should we die
    _set(conn, due[c.id], attempts=attempts, attempted_at=moment, next_attempt_at=again)
    return Attempt(
        delivery_id=due[c.id],
        public_id=due[c.public_id],
        attempts=attempts,
        webhook_id=webhook[webhooks.c.id],
        webhook_public_id=webhook[webhooks.c.public_id],
        url=webhook[webhooks.c.url],
        secret=webhook[webhooks.c.secret],
        signing_key=webhook[webhooks.c.signing_key],
        body=due[webhook_events.c.body],
    )


def _note_failure(conn: sa.Connection, webhook_id: int, outcome: Outcome, moment: datetime) -> None:
    c = webhooks.c
    query = sa.select(c.failures, c.failing_since).where(c.id == webhook_id).with_for_update()
    row = conn.execute(query).one_or_none()
    if row is None:
        return
    failures, since = row.failures + 1, row.failing_since or moment
    pause = min(retry_delay(failures, random.random()), LONGEST_PAUSE)  # noqa: S311  (no secret)
    values = {"failures": failures, "failing_since": since, "paused_until": moment + pause}
    reason = None
    if outcome.status_code == GONE:
        reason = "the receiver answered 410, which means that it wants no more deliveries"
    elif failures >= OFF_AFTER_FAILURES and moment - since >= OFF_AFTER:
        reason = f"every delivery has failed for {OFF_AFTER.days} days"
    if reason is not None:
        values |= {"is_disabled": True, "disabled_reason": reason}
        end_waiting(conn, webhook_id, reason)
    _set_webhook(conn, webhook_id, **values)


def _enqueue(conn: sa.Connection, webhook_id: int, at: datetime) -> None:
    payload = {"webhook_id": webhook_id}
    enqueue(conn, DELIVER, payload, not_before=at, unique=str(webhook_id))


def _set_webhook(conn: sa.Connection, webhook_id: int, **values: Any) -> None:
    conn.execute(webhooks.update().where(webhooks.c.id == webhook_id).values(values))


def _set(conn: sa.Connection, delivery_id: int, **values: Any) -> None:
    which = webhook_deliveries.c.id == delivery_id
    conn.execute(webhook_deliveries.update().where(which).values(values))
