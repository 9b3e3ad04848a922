"""Webhooks over HTTP (hub protocol 15), and beyond it: their deliveries, and sending one again.

A token that may only read sees webhooks without their secrets.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from paddock import clock
from paddock.errors import BadInput
from paddock.hub.access import require_user, require_writing_token
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.errors import NotOffered
from paddock.hub.http import queries
from paddock.hub.types import Caller
from paddock.hub.webhooks import delivery_log, hooks, wanted
from paddock.hub.webhooks.delivery_log import Delivery
from paddock.hub.webhooks.hooks import Changes, Webhook
from paddock.hub.webhooks.signatures import key_text

router = APIRouter()

PATH = "/api/settings/webhooks"
WEBHOOK = PATH + "/{webhook_id:segment}"
WebhookId = Annotated[str, Path(description="the webhook's id")]
DEFAULT_PAGE, LARGEST_PAGE = 50, 200
MAX_ITEMS = 1000  # looked at, to say which limit is broken


class WebhookBody(BaseModel):
    """A webhook as clients write it; what is absent stays as it is."""

    url: str | None = None
    watched: Annotated[list[dict[str, Any]], Field(max_length=MAX_ITEMS)] | None = None
    domains: Annotated[list[str], Field(max_length=MAX_ITEMS)] | None = None
    secret: str | None = None
    # Not offered, hence not in the published schema.
    job_source_id: SkipJsonSchema[Any] = Field(default=None, alias="jobSourceId")
    job: SkipJsonSchema[Any] = None


@router.get(PATH)
def list_webhooks(hub: HubDep, caller: CallerDep) -> list[dict[str, Any]]:
    """The caller's webhooks."""
    owner = require_user(caller)
    with hub.database.read() as conn:
        found = hooks.list_webhooks(conn, owner)
    return [_rendered(caller, webhook) for webhook in found]


@router.post(PATH)
def create_webhook(hub: HubDep, caller: CallerDep, body: WebhookBody) -> dict[str, Any]:
    """A new webhook of the caller."""
    owner = require_writing_token(caller)
    asked = _changes(body, hub.webhook_targets)
    if asked.url is None:
        raise BadInput("a webhook needs a url")
    new = Changes(asked.url, asked.watched or (), asked.domains or wanted.DOMAINS, asked.secret)
    with hub.database.write() as conn:
        made = hooks.create_webhook(conn, owner, new)
    return {"webhook": _rendered(caller, made)}


@router.get(WEBHOOK)
def get_webhook(hub: HubDep, caller: CallerDep, webhook_id: WebhookId) -> dict[str, Any]:
    """One webhook."""
    owner = require_user(caller)
    with hub.database.read() as conn:
        found = hooks.get_webhook(conn, owner, webhook_id)
    return {"webhook": _rendered(caller, found)}


@router.post(WEBHOOK)
def update_webhook(
    hub: HubDep, caller: CallerDep, webhook_id: WebhookId, body: WebhookBody
) -> dict[str, Any]:
    """Change what is given; clients send an empty list where nothing shall be watched anew."""
    owner = require_writing_token(caller)
    asked = _changes(body, hub.webhook_targets)
    changes = Changes(asked.url, asked.watched or None, asked.domains, asked.secret)
    with hub.database.write() as conn:
        changed = hooks.update_webhook(conn, owner, webhook_id, changes)
    return {"webhook": _rendered(caller, changed)}


@router.post(WEBHOOK + "/enable")
def enable_webhook(hub: HubDep, caller: CallerDep, webhook_id: WebhookId) -> dict[str, Any]:
    """Send from now on."""
    owner = require_writing_token(caller)
    with hub.database.write() as conn:
        changed = hooks.set_disabled(conn, owner, webhook_id, False)
    return {"webhook": _rendered(caller, changed)}


@router.post(WEBHOOK + "/disable")
def disable_webhook(hub: HubDep, caller: CallerDep, webhook_id: WebhookId) -> dict[str, Any]:
    """Send nothing until it is enabled."""
    owner = require_writing_token(caller)
    with hub.database.write() as conn:
        changed = hooks.set_disabled(conn, owner, webhook_id, True)
    return {"webhook": _rendered(caller, changed)}


@router.delete(WEBHOOK)
def delete_webhook(hub: HubDep, caller: CallerDep, webhook_id: WebhookId) -> dict[str, Any]:
    """Forget a webhook."""
    owner = require_writing_token(caller)
    with hub.database.write() as conn:
        hooks.delete_webhook(conn, owner, webhook_id)
    return {}


@router.get(WEBHOOK + "/deliveries")
def list_deliveries(
    request: Request,
    response: Response,
    hub: HubDep,
    caller: CallerDep,
    webhook_id: WebhookId,
    cursor: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> list[dict[str, Any]]:
    """What was sent and what is to be, the newest first."""
    owner = require_user(caller)
    limit = queries.count(request, "limit", default=DEFAULT_PAGE, most=LARGEST_PAGE)
    with hub.database.read() as conn:
        webhook = hooks.get_webhook(conn, owner, webhook_id)
        found = delivery_log.list_deliveries(conn, owner, webhook, cursor, limit)
    if len(found) == limit:
        response.headers["Link"] = queries.link_to_next(request, hub, str(found[-1].number))
    return [_rendered_delivery(delivery) for delivery in found]


@router.post(WEBHOOK + "/deliveries/{delivery_id:segment}/replay")
def replay_delivery(
    hub: HubDep,
    caller: CallerDep,
    webhook_id: WebhookId,
    delivery_id: Annotated[str, Path(description="the delivery's id")],
) -> dict[str, Any]:
    """Send it again, under the same id."""
    owner = require_writing_token(caller)
    with hub.database.write() as conn:
        webhook = hooks.get_webhook(conn, owner, webhook_id)
        again = delivery_log.replay(conn, owner, webhook, delivery_id)
    return _rendered_delivery(again)


def _changes(body: WebhookBody, targets: str) -> Changes:
    if body.job_source_id is not None or body.job is not None:
        raise NotOffered("this hub runs no jobs, so no webhook can start one", hint="give a url")
    return Changes(
        url=None if body.url is None else wanted.check_url(body.url, targets=targets),
        watched=None if body.watched is None else wanted.check_watched(body.watched),
        domains=None if body.domains is None else wanted.check_domains(body.domains),
        secret=None if body.secret is None else wanted.check_secret(body.secret),
    )


def _rendered(caller: Caller, webhook: Webhook) -> dict[str, Any]:
    shown = caller.may_write
    return {
        "id": webhook.public_id,
        "url": webhook.url,
        "watched": [{"type": item.kind, "name": item.name} for item in webhook.watched],
        "domains": list(webhook.domains),
        "secret": webhook.secret if shown else None,
        "disabled": webhook.is_disabled,
        "disabledReason": webhook.disabled_reason,
        "signingKey": key_text(webhook.signing_key) if shown else None,
    }


def _rendered_delivery(delivery: Delivery) -> dict[str, Any]:
    moments = {
        "createdAt": delivery.created_at,
        "attemptedAt": delivery.attempted_at,
        "nextAttemptAt": delivery.next_attempt_at,
    }
    return {
        "id": delivery.public_id,
        "event": {"action": delivery.action, "scope": delivery.scope},
        "repo": delivery.repo,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "statusCode": delivery.status_code,
        "error": delivery.error,
        "answer": delivery.answer,
        "durationMs": delivery.duration_ms,
        **{name: at and clock.to_text(at) for name, at in moments.items()},
    }
