"""Pages for who forgot their password: where a letter is asked for, and where it leads.

What is said after asking is the same whoever was named.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people.mail_links import LinkEnded, find_link
from paddock.hub.people.passwords import MIN_PASSWORD_CHARS, BadPassword
from paddock.hub.sessions.resetting import RESET, RESET_PATH, ask_for_reset, reset_password
from paddock.web.account.signing_in import place_of
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Text, back_to, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/login/forgotten"
Key = Annotated[str, Query(max_length=200)]


@router.get(_PAGE)
def ask_form(hub: HubDep, visitor: VisitorDep) -> Response:
    """The form, or whom to ask where no letters are sent."""
    return _show(hub, visitor)


@router.post(_PAGE)
def ask(
    request: Request, hub: HubDep, visitor: VisitorDep, who: Text = "", form_key: Text = ""
) -> Response:
    """A letter, if there is somebody to write to."""
    visitor.check_form(form_key)
    try:
        ask_for_reset(hub, who, place_of(request, visitor))
    except PaddockError as e:
        return _show(hub, visitor, e.status, problem=sentence(e))
    return _show(hub, visitor, is_asked=True)


@router.get(RESET_PATH)
def reset_form(hub: HubDep, visitor: VisitorDep, key: Key = "") -> Response:
    """What the letter leads to; looking at it uses nothing up."""
    try:
        with hub.database.read() as conn:
            link = find_link(conn, RESET, key)
    except LinkEnded as e:
        return _show_reset(visitor, "", "", e)
    return _show_reset(visitor, key, link.user.name)


@router.post(RESET_PATH)
def reset(
    hub: HubDep, visitor: VisitorDep, key: Text = "", new: Text = "", form_key: Text = ""
) -> Response:
    """The new password, with which one then signs in."""
    visitor.check_form(form_key)
    try:
        reset_password(hub, key, new)
    except BadPassword as e:
        with hub.database.read() as conn:
            name = find_link(conn, RESET, key).user.name
        return _show_reset(visitor, key, name, e)
    except PaddockError as e:
        return _show_reset(visitor, "", "", e)
    return back_to("/login", "reset")


def _show(hub: Hub, visitor: Visitor, status: int = 200, **values: object) -> Response:
    return visitor.show(
        "account/forgotten.html",
        status,
        **{"sends_mail": hub.mail.is_on, "is_asked": False, "problem": None, **values},
    )


def _show_reset(
    visitor: Visitor, key: str, name: str, problem: PaddockError | None = None
) -> Response:
    return visitor.show(
        "account/reset.html",
        200 if problem is None else problem.status,
        key=key,
        name=name,
        least=MIN_PASSWORD_CHARS,
        problem=None if problem is None else sentence(problem),
    )
