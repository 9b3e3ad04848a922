"""The page on which a stranger makes an account, where the hub lets them, and the terms.

Shows a form and reads it; the rules are ``hub.sessions.joining``'s.
"""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.names import MAX_ACCOUNT_CHARS, MIN_ACCOUNT_CHARS
from paddock.hub.people.passwords import MIN_PASSWORD_CHARS
from paddock.hub.sessions.joining import Joining, join
from paddock.hub.sessions.sessions import end_session
from paddock.markdown import render_card
from paddock.web.account.signing_in import place_of
from paddock.web.browser import Visitor, VisitorDep, own_path
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router

router = page_router()

_SHOWN_CHARS = 300


@router.get("/join")
def form(hub: HubDep, visitor: VisitorDep, next: str = "/") -> Response:
    """The form, or who makes accounts here where strangers do not."""
    if visitor.session is not None:
        return RedirectResponse(own_path(next), 303)
    return _show(hub, visitor, Joining("", ""), own_path(next))


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
    next: Text = "/",
    form_key: Text = "",
) -> Response:
    """A new account, and a session of it whose secret nobody knew before."""
    visitor.check_form(form_key)
    target, wanted = own_path(next), Joining(name.strip(), password, full_name, email, terms)
    try:
        _, secret = join(hub.database, hub.sign_up, wanted, place_of(request, visitor))
    except PaddockError as e:
        return _show(hub, visitor, wanted, target, e)
    if visitor.session is not None:
        with hub.database.write() as conn:
            end_session(conn, visitor.secret)
    return visitor.sign_in(RedirectResponse(target, 303), secret)


@router.get("/terms")
def terms(hub: HubDep, visitor: VisitorDep) -> Response:
    """What whoever makes an account accepts."""
    if hub.sign_up.terms is None:
        raise HTTPException(404)
    text = Markup(render_card(hub.sign_up.terms))  # noqa: S704  (raw HTML is off)
    return visitor.show("account/terms.html", text=text)


def _show(
    hub: Hub, visitor: Visitor, wanted: Joining, target: str, error: PaddockError | None = None
) -> Response:
    status = 200 if hub.sign_up.is_open else 403
    return visitor.show(
        "account/join.html",
        status if error is None else error.status,
        sign_up=hub.sign_up,
        next=target,
        problem=None if error is None else sentence(error),
        name=wanted.name[:_SHOWN_CHARS],
        full_name=wanted.full_name[:_SHOWN_CHARS],
        email=wanted.email[:_SHOWN_CHARS],
        name_chars=(MIN_ACCOUNT_CHARS, MAX_ACCOUNT_CHARS),
        password_chars=MIN_PASSWORD_CHARS,
    )
