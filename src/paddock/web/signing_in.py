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
from paddock.hub.sessions.sessions import WrongPassword
from paddock.web.browser import BrowserDep, own_path, to_sign_in

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=4000)]


@router.get("/login")
def login(browser: BrowserDep, next: str = "/") -> Response:
    """The form, or straight on for those who are signed in."""
    if browser.session is not None:
        return RedirectResponse(own_path(next), 303)
    return browser.show("sign_in.html", next=own_path(next), problem=None, name="")


@router.post("/login")
def sign_in(
    hub: HubDep,
    browser: BrowserDep,
    name: Text,
    password: Text,
    form_key: Text = "",
    next: Text = "/",
) -> Response:
    """A new session, whatever session there was."""
    browser.check_form(form_key)
    target = own_path(next)
    try:
        _, secret = sessions.sign_in(hub.database, name.strip(), password, browser.address)
    except (WrongPassword, TooManyAttempts) as e:
        problem = e.message if e.hint is None else f"{e.message}: {e.hint}"
        return browser.show("sign_in.html", e.status, next=target, problem=problem, name=name[:100])
    if browser.session is not None:
        with hub.database.write() as conn:
            sessions.end_session(conn, browser.secret)
    return browser.sign_in(RedirectResponse(target, 303), secret)


@router.post("/logout")
def sign_out(hub: HubDep, browser: BrowserDep, form_key: Text = "") -> Response:
    """End this browser's session."""
    browser.check_form(form_key)
    with hub.database.write() as conn:
        sessions.end_session(conn, browser.secret)
    return browser.sign_out(RedirectResponse("/", 303))


@router.get("/settings/password")
def password_form(request: Request, browser: BrowserDep) -> Response:
    """The form for a new password."""
    if browser.session is None:
        return to_sign_in(request)
    return browser.show("password.html", problem=None, is_done=False)


@router.post("/settings/password")
def change_password(
    request: Request,
    hub: HubDep,
    browser: BrowserDep,
    new: Text,
    old: Text = "",
    form_key: Text = "",
) -> Response:
    """A new password; every other browser of the user is signed out."""
    browser.check_form(form_key)
    if browser.session is None:
        return to_sign_in(request)
    user = browser.session.user
    try:
        sessions.change_password(hub.database, user, old, new, kept_secret=browser.secret)
    except (WrongPassword, BadPassword, TooManyAttempts) as e:
        problem = e.message if e.hint is None else f"{e.message}: {e.hint}"
        return browser.show("password.html", e.status, problem=problem, is_done=False)
    return browser.show("password.html", problem=None, is_done=True)
