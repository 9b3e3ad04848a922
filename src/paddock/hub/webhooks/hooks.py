"""Webhooks as their owners keep them: made, read, changed, turned on and off, deleted.

Knows rows; what may be asked of one is ``wanted``'s. A webhook belongs to a user, and nobody else
learns that it exists.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Conflict, NotFound, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people.accounts import is_askable, new_public_id
from paddock.hub.tables import accounts
from paddock.hub.types import Account
from paddock.hub.webhooks.deliveries import end_waiting, send_now
from paddock.hub.webhooks.signatures import KEY_BYTES
from paddock.hub.webhooks.tables import webhook_watches, webhooks
from paddock.hub.webhooks.wanted import Watched

MAX_WEBHOOKS = 100  # of one user


class WebhookNotFound(NotFound):
    """The caller has no webhook with this id."""

    code = "webhook_not_found"


class TooManyWebhooks(Conflict):
    """A user has as many webhooks as one may have."""

    code = "too_many_webhooks"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook; ``disabled_reason`` is set when it was not its owner who turned it off."""

    id: int
    public_id: str
    owner_id: int
    url: str
    watched: tuple[Watched, ...]
    domains: tuple[str, ...]
    secret: str | None
    signing_key: bytes
    is_disabled: bool
    disabled_reason: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a webhook shall be; None leaves it as it is, an empty secret takes it away."""

    url: str | None = None
    watched: tuple[Watched, ...] | None = None
    domains: tuple[str, ...] | None = None
    secret: str | None = None


def list_webhooks(conn: sa.Connection, owner: Account) -> list[Webhook]:
    """The user's webhooks, the oldest first."""
    return _read(conn, webhooks.c.owner_id == owner.id)


def get_webhook(conn: sa.Connection, owner: Account, public_id: str) -> Webhook:
    """The user's webhook of this id; raises WebhookNotFound."""
    mine = (webhooks.c.owner_id == owner.id) & (webhooks.c.public_id == public_id)
    found = _read(conn, mine) if is_askable(public_id) else []
    if not found:
        raise WebhookNotFound(f"you have no webhook {shown(public_id)}")
    return found[0]


def create_webhook(conn: sa.Connection, owner: Account, wanted: Changes) -> Webhook:
    """A new webhook, in force at once; raises TooManyWebhooks."""
    conn.execute(sa.select(accounts.c.id).where(accounts.c.id == owner.id).with_for_update())
    count = sa.select(sa.func.count()).where(webhooks.c.owner_id == owner.id)
    if conn.execute(count).scalar_one() >= MAX_WEBHOOKS:
        raise TooManyWebhooks(
            f"{owner.name} has {MAX_WEBHOOKS} webhooks, and may have no more",
            hint="delete one, or let one watch more: an owner's name stands for all repositories",
        )
    row = {
        "public_id": new_public_id(),
        "owner_id": owner.id,
        "url": wanted.url,
        "domains": list(wanted.domains or ()),
        "secret": wanted.secret or None,
        "signing_key": secrets.token_bytes(KEY_BYTES),
        "is_disabled": False,
        "failures": 0,
        "created_at": clock.now(),
    }
    conn.execute(webhooks.insert().values(row))
    made = get_webhook(conn, owner, str(row["public_id"]))
    _watch(conn, made.id, wanted.watched or ())
    note(conn, Act.WEBHOOK, account=owner, webhook=made.public_id, what="create")
    return get_webhook(conn, owner, made.public_id)


def update_webhook(conn: sa.Connection, owner: Account, public_id: str, wanted: Changes) -> Webhook:
    """Change what is given; raises WebhookNotFound."""
    webhook = _lock(conn, owner, public_id)
    values: dict[str, object] = {}
    if wanted.url is not None:
        values["url"] = wanted.url
    if wanted.domains is not None:
        values["domains"] = list(wanted.domains)
    if wanted.secret is not None:
        values["secret"] = wanted.secret or None
    if values:
        conn.execute(webhooks.update().where(webhooks.c.id == webhook.id).values(values))
    if wanted.url is not None:  # another receiver is not blamed for the failures of the last
        send_now(conn, webhook.id)
    if wanted.watched is not None:
        conn.execute(webhook_watches.delete().where(webhook_watches.c.webhook_id == webhook.id))
        _watch(conn, webhook.id, wanted.watched)
    note(conn, Act.WEBHOOK, account=owner, webhook=public_id, what="change")
    return get_webhook(conn, owner, public_id)


def set_disabled(conn: sa.Connection, owner: Account, public_id: str, disabled: bool) -> Webhook:
    """Turn it off or on; what happens while it is off is never sent. Raises WebhookNotFound."""
    webhook = _lock(conn, owner, public_id)
    values = {"is_disabled": disabled, "disabled_reason": None}
    conn.execute(webhooks.update().where(webhooks.c.id == webhook.id).values(values))
    if disabled:
        end_waiting(conn, webhook.id, "the webhook was turned off")
    else:
        send_now(conn, webhook.id)
    note(conn, Act.WEBHOOK, account=owner, webhook=public_id, what="off" if disabled else "on")
    return get_webhook(conn, owner, public_id)


def delete_webhook(conn: sa.Connection, owner: Account, public_id: str) -> None:
    """Forget it, with everything that was or is to be sent; raises WebhookNotFound."""
    webhook = _lock(conn, owner, public_id)
    conn.execute(webhooks.delete().where(webhooks.c.id == webhook.id))
    note(conn, Act.WEBHOOK, account=owner, webhook=public_id, what="delete")


def _lock(conn: sa.Connection, owner: Account, public_id: str) -> Webhook:
    webhook = get_webhook(conn, owner, public_id)
    row = sa.select(webhooks.c.id).where(webhooks.c.id == webhook.id).with_for_update()
    if conn.execute(row).first() is None:
        raise WebhookNotFound(f"you have no webhook {shown(public_id)}")
    return webhook


def _watch(conn: sa.Connection, webhook_id: int, watched: Sequence[Watched]) -> None:
    rows = [
        {
            "webhook_id": webhook_id,
            "position": position,
            "kind": item.kind,
            "name": item.name,
            "key": item.key,
        }
        for position, item in enumerate(watched)
    ]
    if rows:
        conn.execute(webhook_watches.insert(), rows)


def _read(conn: sa.Connection, which: sa.ColumnElement[bool]) -> list[Webhook]:
    rows = conn.execute(sa.select(webhooks).where(which).order_by(webhooks.c.id)).mappings().all()
    c = webhook_watches.c
    ids = [row["id"] for row in rows]
    query = sa.select(c.webhook_id, c.kind, c.name).where(c.webhook_id.in_(ids))
    watched: dict[int, list[Watched]] = {}
    for webhook_id, kind, name in conn.execute(query.order_by(c.webhook_id, c.position)):
        watched.setdefault(webhook_id, []).append(Watched(kind, name))
    return [
        Webhook(
            id=row["id"],
            public_id=row["public_id"],
            owner_id=row["owner_id"],
            url=row["url"],
            watched=tuple(watched.get(row["id"], ())),
            domains=tuple(row["domains"]),
            secret=row["secret"],
            signing_key=row["signing_key"],
            is_disabled=row["is_disabled"],
            disabled_reason=row["disabled_reason"],
        )
        for row in rows
    ]
