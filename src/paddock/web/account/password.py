"""The page for a new password."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from paddock.hub.context import Hub, HubDep
from paddock.hub.people.passwords import MIN_PASSWORD_CHARS, BadPassword
from paddock.hub.sessions import sessions
from paddock.hub.sessions.attempts import TooManyAttempts
from paddock.hub.sessions.sessions import WrongPassword, has_password
from paddock.web.account.confirming import ask_again
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/password"
_SENTENCES = {"changed": "The password is changed. Other browsers were signed out."}


@router.get(_PAGE)
def form(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """The form."""
    if answer := _first_of_all(request, hub, visitor):
        return answer
    return _show(hub, visitor, done=said(_SENTENCES, done))


@router.post(_PAGE)
def change(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    new: Text = "",
    old: Text = "",
    form_key: Text = "",
) -> Response:
    """A new password; every other browser of the user is signed out."""
    visitor.check_form(form_key)
    if answer := _first_of_all(request, hub, visitor):
        return answer
    user = visitor.require_user()
    try:
        sessions.change_password(hub.database, user, old, new, kept_secret=visitor.secret)
    except (WrongPassword, BadPassword, TooManyAttempts) as e:
        return _show(hub, visitor, e.status, problem=sentence(e))
    return back_to(_PAGE, "changed")


def _first_of_all(request: Request, hub: Hub, visitor: Visitor) -> Response | None:
    """Who has no password to give with the form proves in another way who they are."""
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.read() as conn:
        has_one = has_password(conn, visitor.session.user)
    return None if has_one else ask_again(request, visitor, _PAGE)


def _show(hub: Hub, visitor: Visitor, status: int = 200, **values: object) -> Response:
    with hub.database.read() as conn:
        has_one = has_password(conn, visitor.require_user())
    return visitor.show(
        "account/password.html", status, has_one=has_one, least=MIN_PASSWORD_CHARS, **values
    )
