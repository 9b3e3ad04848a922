"""The page with all webhooks of a person, and the form for a new one.

The key that signs deliveries is on the answer that made the webhook, and on no page again.
"""

from __future__ import annotations

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.webhooks import hooks
from paddock.hub.webhooks.hooks import Webhook
from paddock.hub.webhooks.signatures import key_text
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, said, sentence
from paddock.web.page_routes import page_router
from paddock.web.webhooks.form import Draft, DraftDep

router = page_router()

PAGE = "/settings/webhooks"
_SENTENCES = {"deleted": "The webhook is deleted, with the log of what it was told."}
_MAX_CHARS = 300


@router.get(PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """The person's webhooks, the oldest first."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, said(_SENTENCES, done))


@router.get(PAGE + "/new")
def form(
    request: Request, visitor: VisitorDep, watch: str = Query("", max_length=_MAX_CHARS)
) -> Response:
    """The form for a new one; ``watch`` is what it shall be told of."""
    if visitor.session is None:
        return to_sign_in(request)
    return visitor.show("webhooks/new.html", draft=Draft(watched=watch))


@router.post(PAGE + "/new")
def make(hub: HubDep, visitor: VisitorDep, draft: DraftDep) -> Response:
    """A new webhook, in force at once."""
    try:
        changes = draft.changes(hub.webhook_targets)
        with hub.database.write() as conn:
            made = hooks.create_webhook(conn, visitor.require_user(), changes)
    except PaddockError as e:
        return visitor.show("webhooks/new.html", e.status, draft=draft, problem=sentence(e))
    return _show(hub, visitor, made=made)


def _show(hub: Hub, visitor: Visitor, done: str = "", made: Webhook | None = None) -> Response:
    with hub.database.read() as conn:
        found = hooks.list_webhooks(conn, visitor.require_user())
    key = key_text(made.signing_key) if made else ""
    return visitor.show("webhooks/list.html", webhooks=found, done=done, made=made, key=key)
