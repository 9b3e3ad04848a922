"""The page of the browsers that are signed in, each of which its user can sign out."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.sessions import listing
from paddock.hub.sessions.agents import describe
from paddock.hub.sessions.listing import Listed
from paddock.hub.sessions.sessions import LIFE
from paddock.hub.types import SignedIn
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/sessions"
_SENTENCES = {
    "ended": "The session is ended.",
    "others": "Every other browser is signed out.",
}


class _Shown(NamedTuple):
    told: str
    row: Listed


@router.get(_PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """The sessions, this browser's marked."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        found = listing.sessions_of(conn, visitor.session.user, _this(visitor))
    return visitor.show(
        "account/sessions.html",
        sessions=[_Shown(describe(row.agent), row) for row in found],
        days=LIFE.days,
        done=said(_SENTENCES, done),
    )


@router.post(_PAGE + "/end")
def end(hub: HubDep, visitor: VisitorDep, session: Text = "", form_key: Text = "") -> Response:
    """Sign one browser out."""
    visitor.check_form(form_key)
    with hub.database.write() as conn:
        listing.end_one(conn, visitor.require_user(), session)
    return back_to(_PAGE, "ended")


@router.post(_PAGE + "/end-others")
def end_others(hub: HubDep, visitor: VisitorDep, form_key: Text = "") -> Response:
    """Sign all browsers out but this one."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    with hub.database.write() as conn:
        listing.end_others(conn, user, _this(visitor))
    return back_to(_PAGE, "others")


def _this(visitor: Visitor) -> SignedIn:
    visitor.require_user()
    session = visitor.caller.session
    assert session is not None  # noqa: S101  (who is signed in has one)
    return session
