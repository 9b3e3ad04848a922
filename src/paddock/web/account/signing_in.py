"""Pages to sign in and to sign out.

Shows forms and reads them; what a session is, and how often one may try, is ``hub.sessions``'s.
"""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from paddock.hub.context import Hub, HubDep
from paddock.hub.sessions import sessions
from paddock.hub.sessions.attempts import TooManyAttempts
from paddock.hub.sessions.sessions import Place, WrongPassword
from paddock.web.browser import Visitor, VisitorDep, own_path
from paddock.web.forms import Done, Text, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_SHOWN_CHARS = 100
_SENTENCES = {"reset": "Your password is set anew: sign in with it."}


def place_of(request: Request, visitor: Visitor) -> Place:
    """Where a visitor sits, for the list of their sessions."""
    return Place(visitor.address, request.headers.get("user-agent", ""))


@router.get("/login")
def login(hub: HubDep, visitor: VisitorDep, next: str = "/", done: Done = "") -> Response:
    """The form, or straight on for those who are signed in."""
    if visitor.session is not None:
        return RedirectResponse(own_path(next), 303)
    return show_sign_in(hub, visitor, own_path(next), done=said(_SENTENCES, done))


@router.post("/login")
def sign_in(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: Text = "",
    password: Text = "",
    form_key: Text = "",
    next: Text = "/",
) -> Response:
    """A new session, whatever session there was."""
    visitor.check_form(form_key)
    target, place = own_path(next), place_of(request, visitor)
    try:
        _, secret = sessions.sign_in(hub.database, name.strip(), password, place)
    except (WrongPassword, TooManyAttempts) as e:
        return show_sign_in(
            hub, visitor, target, e.status, problem=sentence(e), name=name[:_SHOWN_CHARS]
        )
    if visitor.session is not None:
        with hub.database.write() as conn:
            sessions.end_session(conn, visitor.secret)
    return visitor.sign_in(RedirectResponse(target, 303), secret)


@router.post("/logout")
def sign_out(hub: HubDep, visitor: VisitorDep, next: Text = "/", form_key: Text = "") -> Response:
    """End this browser's session."""
    visitor.check_form(form_key)
    with hub.database.write() as conn:
        sessions.end_session(conn, visitor.secret)
    return visitor.sign_out(RedirectResponse(own_path(next), 303))


def show_sign_in(
    hub: Hub, visitor: Visitor, target: str, status: int = 200, **values: object
) -> Response:
    """The form, with what went wrong before."""
    around = {"sign_up": hub.sign_up, "sends_mail": hub.mail.is_on}
    given = {"problem": None, "name": "", "done": "", **values}
    return visitor.show("account/sign_in.html", status, next=target, **around, **given)
