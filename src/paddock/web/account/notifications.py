"""The page of what a person is told of: what they watch, and what they muted."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.notifications import muting, watching
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/notifications"
_SENTENCES = {"stopped": "You are told of it no longer, but where somebody names you."}


@router.get(_PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """All that the person watches and may still see."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        found = watching.watched_by(conn, visitor.caller)
        muted = muting.muted_by(conn, visitor.caller)
    told = said(_SENTENCES, done)
    return visitor.show("account/notifications.html", targets=found, muted=muted, done=told)


@router.post(_PAGE)
def stop(
    hub: HubDep, visitor: VisitorDep, type: Text = "", target: Text = "", form_key: Text = ""
) -> Response:
    """Watch one no longer."""
    visitor.check_form(form_key)
    visitor.require_user()
    with hub.database.write() as conn:
        watching.set_watching(conn, visitor.caller, type, target, is_watching=False)
    return back_to(_PAGE, "stopped")
