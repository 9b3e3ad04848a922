"""Pages to sign in, to sign out and to change one's password.

Shows forms and reads them; what a session is, and how often one may try, is ``hub.sessions``'s.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from paddock.hub.context import HubDep
from paddock.hub.people.passwords import BadPassword
from paddock.hub.sessions import sessions
from paddock.hub.sessions.attempts import TooManyAttempts
from paddock.hub.sessions.sessions import Place, WrongPassword
from paddock.web.browser import VisitorDep, own_path, to_sign_in

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=4000)]


@router.get("/login")
def login(visitor: VisitorDep, next: str = "/") -> Response:
    """The form, or straight on for those who are signed in."""
    if visitor.session is not None:
        return RedirectResponse(own_path(next), 303)
    return visitor.show("sign_in.html", next=own_path(next), problem=None, name="")


@router.post("/login")
def sign_in(
    hub: HubDep,
    visitor: VisitorDep,
    name: Text,
    password: Text,
    form_key: Text = "",
    next: Text = "/",
) -> Response:
    """A new session, whatever session there was."""
    visitor.check_form(form_key)
    target = own_path(next)
    try:
        _, secret = sessions.sign_in(hub.database, name.strip(), password, Place(visitor.address))
    except (WrongPassword, TooManyAttempts) as e:
        problem = e.message if e.hint is None else f"{e.message}: {e.hint}"
        return visitor.show("sign_in.html", e.status, next=target, problem=problem, name=name[:100])
    if visitor.session is not None:
        with hub.database.write() as conn:
            sessions.end_session(conn, visitor.secret)
    return visitor.sign_in(RedirectResponse(target, 303), secret)


@router.post("/logout")
def sign_out(hub: HubDep, visitor: VisitorDep, form_key: Text = "") -> Response:
    """End this browser's session."""
    visitor.check_form(form_key)
    with hub.database.write() as conn:
        sessions.end_session(conn, visitor.secret)
    return visitor.sign_out(RedirectResponse("/", 303))


@router.get("/settings/password")
def password_form(request: Request, visitor: VisitorDep) -> Response:
    """The form for a new password."""
    if visitor.session is None:
        return to_sign_in(request)
    return visitor.show("password.html", problem=None, is_done=False)


@router.post("/settings/password")
def change_password(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    new: Text,
    old: Text = "",
    form_key: Text = "",
) -> Response:
    """A new password; every other browser of the user is signed out."""
    visitor.check_form(form_key)
    if visitor.session is None:
        return to_sign_in(request)
    user = visitor.session.user
    try:
        sessions.change_password(hub.database, user, old, new, kept_secret=visitor.secret)
    except (WrongPassword, BadPassword, TooManyAttempts) as e:
        problem = e.message if e.hint is None else f"{e.message}: {e.hint}"
        return visitor.show("password.html", e.status, problem=problem, is_done=False)
    return visitor.show("password.html", problem=None, is_done=True)
