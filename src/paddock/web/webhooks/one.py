"""The page of one webhook: what it is, its switch, its end, and what was sent to it.

Somebody else's webhook is none here: whoever asks for it learns no more than of one that never was.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.webhooks import delivery_log, hooks
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router
from paddock.web.webhooks.form import Draft, DraftDep
from paddock.web.webhooks.listing import PAGE

router = page_router()

ONE: Final = PAGE + "/{webhook_id:segment}"
_ON_A_PAGE: Final = 50
_SENTENCES: Final = {
    "changed": "The webhook is changed, from the next delivery on.",
    "on": "The webhook is on: it is told of what happens from now on.",
    "off": "The webhook is off: it is told of nothing.",
    "again": "The delivery is sent again.",
}
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@router.get(ONE)
def show(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    webhook_id: str,
    before: Before = None,
    done: Done = "",
) -> Response:
    """The webhook with its latest deliveries, or those before one of them."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, webhook_id, before=before, done=said(_SENTENCES, done))


@router.post(ONE)
def change(hub: HubDep, visitor: VisitorDep, webhook_id: str, draft: DraftDep) -> Response:
    """Make it what the form says; a secret that is left empty stays."""
    user = visitor.require_user()
    try:
        changes = draft.changes(hub.webhook_targets)
        with hub.database.write() as conn:
            hooks.update_webhook(conn, user, webhook_id, changes)
    except hooks.WebhookNotFound:
        raise
    except PaddockError as e:
        return _show(hub, visitor, webhook_id, draft, e)
    return back_to(f"{PAGE}/{webhook_id}", "changed")


@router.post(ONE + "/switch")
def switch(
    hub: HubDep, visitor: VisitorDep, webhook_id: str, wanted: Text = "", form_key: Text = ""
) -> Response:
    """Turn it on, or off."""
    visitor.check_form(form_key)
    user, is_on = visitor.require_user(), wanted == "1"
    with hub.database.write() as conn:
        hooks.set_disabled(conn, user, webhook_id, not is_on)
    return back_to(f"{PAGE}/{webhook_id}", "on" if is_on else "off")


@router.post(ONE + "/delete")
def delete(hub: HubDep, visitor: VisitorDep, webhook_id: str, form_key: Text = "") -> Response:
    """Forget it."""
    visitor.check_form(form_key)
    with hub.database.write() as conn:
        hooks.delete_webhook(conn, visitor.require_user(), webhook_id)
    return back_to(PAGE, "deleted")


@router.post(ONE + "/deliveries/{delivery_id:segment}/again")
def send_again(
    hub: HubDep, visitor: VisitorDep, webhook_id: str, delivery_id: str, form_key: Text = ""
) -> Response:
    """Send a delivery once more, under the same id."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    with hub.database.write() as conn:
        webhook = hooks.get_webhook(conn, user, webhook_id)
        delivery_log.replay(conn, user, webhook, delivery_id)
    return back_to(f"{PAGE}/{webhook_id}", "again", "deliveries")


def _show(
    hub: Hub,
    visitor: Visitor,
    webhook_id: str,
    draft: Draft | None = None,
    problem: PaddockError | None = None,
    *,
    before: int | None = None,
    done: str = "",
) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        webhook = hooks.get_webhook(conn, user, webhook_id)
        found = delivery_log.list_deliveries(conn, user, webhook, before, _ON_A_PAGE + 1)
    return visitor.show(
        "webhooks/one.html",
        problem.status if problem else 200,
        webhook=webhook,
        draft=draft or Draft.of(webhook),
        problem=sentence(problem) if problem else "",
        done=done,
        deliveries=found[:_ON_A_PAGE],
        older=found[_ON_A_PAGE - 1].number if len(found) > _ON_A_PAGE else None,
        is_first=before is None,
    )
