"""The page of what was allowed applications, each of which can be taken back."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.oauth import grants
from paddock.hub.oauth.apps import App
from paddock.hub.people.tokens import TokenNotFound
from paddock.web.account.consent import meanings
from paddock.web.browser import VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/applications"
_SENTENCES = {"ended": "It acts for you no longer: its tokens have ended."}


class _Shown(NamedTuple):
    id: int
    app: App
    meanings: list[str]


@router.get(_PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """What the user allowed whom, the latest first."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        found = grants.grants_of(conn, visitor.session.user)
    shown = [_Shown(one.id, one.app, meanings(one.app, one.scope)) for one in found]
    return visitor.show("account/applications.html", granted=shown, done=said(_SENTENCES, done))


@router.post(_PAGE + "/end")
def end(hub: HubDep, visitor: VisitorDep, grant: Text = "", form_key: Text = "") -> Response:
    """Take one back; its tokens end at once."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    with hub.database.write() as conn:
        own = [str(granted.id) for granted in grants.grants_of(conn, user)]
        if grant not in own:
            raise TokenNotFound(f"{user.name} allowed no application that")
        grants.revoke_grant(conn, int(grant))
    return back_to(_PAGE, "ended")
