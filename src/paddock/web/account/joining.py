"""The page on which somebody makes an account, where the hub lets them, and the terms.

Shows a form and reads it; the rules are ``hub.sessions.joining``'s.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.names import MAX_ACCOUNT_CHARS, MIN_ACCOUNT_CHARS
from paddock.hub.people import invitations
from paddock.hub.people.invitations import InvitationEnded
from paddock.hub.people.passwords import MIN_PASSWORD_CHARS
from paddock.hub.sessions.joining import Joining, invited_by, join
from paddock.hub.sessions.sessions import end_session
from paddock.markdown import render_card
from paddock.web.account.signing_in import place_of
from paddock.web.browser import Visitor, VisitorDep, own_path
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router

router = page_router()

_SHOWN_CHARS = 300
Key = Annotated[str, Query(max_length=200)]


@router.get("/join")
def form(hub: HubDep, visitor: VisitorDep, next: str = "/", invitation: Key = "") -> Response:
    """The form, or who makes accounts here where strangers do not."""
    if visitor.session is not None:
        if invitation:
            return _show_invited(hub, visitor, invitation)
        return RedirectResponse(own_path(next), 303)
    return _show(hub, visitor, Joining("", "", invitation=invitation), own_path(next))


@router.post("/join")
def make(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: Text = "",
    password: Text = "",
    full_name: Text = "",
    email: Text = "",
    terms: Text = "",
    invitation: Text = "",
    next: Text = "/",
    form_key: Text = "",
) -> Response:
    """A new account, and a session of it whose secret nobody knew before."""
    visitor.check_form(form_key)
    target = own_path(next)
    wanted = Joining(name.strip(), password, full_name, email, terms, invitation)
    try:
        _, secret = join(hub, wanted, place_of(request, visitor))
    except PaddockError as e:
        return _show(hub, visitor, wanted, target, e)
    if visitor.session is not None:
        with hub.database.write() as conn:
            end_session(conn, visitor.secret)
    return visitor.sign_in(RedirectResponse(target, 303), secret)


@router.post("/join/organisation")
def join_organisation(
    hub: HubDep, visitor: VisitorDep, invitation: Text = "", form_key: Text = ""
) -> Response:
    """Somebody who has an account follows an invitation to an organisation."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            org = invitations.join_org(conn, invitation, user)
    except PaddockError as e:
        return visitor.show("account/invited.html", e.status, invited=None, problem=sentence(e))
    return RedirectResponse(f"/{org.name}", 303)


@router.get("/terms")
def terms(hub: HubDep, visitor: VisitorDep) -> Response:
    """What whoever makes an account accepts."""
    if hub.sign_up.terms is None:
        raise HTTPException(404)
    text = Markup(render_card(hub.sign_up.terms))  # noqa: S704  (raw HTML is off)
    return visitor.show("account/terms.html", text=text)


def _show_invited(hub: Hub, visitor: Visitor, secret: str) -> Response:
    """An invitation, to somebody who has an account."""
    try:
        with hub.database.read() as conn:
            invited = invitations.find(conn, secret)
    except InvitationEnded as e:
        return visitor.show("account/invited.html", e.status, invited=None, problem=sentence(e))
    return visitor.show("account/invited.html", invited=invited, secret=secret, problem=None)


def _show(
    hub: Hub, visitor: Visitor, wanted: Joining, target: str, error: PaddockError | None = None
) -> Response:
    invited = None
    if wanted.invitation:
        try:
            invited = invited_by(hub, wanted.invitation)
        except InvitationEnded as e:
            error = error or e
    may_join = hub.sign_up.is_open or invited is not None
    status = 200 if may_join else 403
    return visitor.show(
        "account/join.html",
        status if error is None else error.status,
        sign_up=hub.sign_up,
        may_make=may_join,
        invited=invited,
        sends_mail=hub.mail.is_on,
        next=target,
        problem=None if error is None else sentence(error),
        name=wanted.name[:_SHOWN_CHARS],
        full_name=wanted.full_name[:_SHOWN_CHARS],
        email=(invited.email if invited else None) or wanted.email[:_SHOWN_CHARS],
        invitation=wanted.invitation if invited else "",
        name_chars=(MIN_ACCOUNT_CHARS, MAX_ACCOUNT_CHARS),
        password_chars=MIN_PASSWORD_CHARS,
    )
