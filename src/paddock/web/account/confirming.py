"""The page on which somebody who is signed in says once more who they are, and the ways to it.

Pages that change how one proves who one is call ``ask_again`` first.
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people.passkeys import passkeys_of
from paddock.hub.sessions.confirming import confirm, is_confirmed
from paddock.hub.sessions.sessions import check_password, has_password
from paddock.web.browser import Visitor, VisitorDep, own_path, path_of, to_sign_in
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/login/confirm"


def ask_again(request: Request, visitor: Visitor, back: str | None = None) -> Response | None:
    """To sign in, or to the page that asks again; None for who proved lately who they are.

    From there they are sent ``back``, or to what was asked for.
    """
    if visitor.session is None:
        return to_sign_in(request)
    if is_confirmed(visitor.session):
        return None
    target = quote(back or path_of(request), safe="")
    return RedirectResponse(f"{_PAGE}?next={target}", 303)


@router.get(_PAGE)
def form(request: Request, hub: HubDep, visitor: VisitorDep, next: str = "/") -> Response:
    """What somebody has to prove it with."""
    if visitor.session is None:
        return to_sign_in(request)
    return show_confirm(hub, visitor, own_path(next))


@router.post(_PAGE)
def by_password(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    password: Text = "",
    next: Text = "/",
    form_key: Text = "",
) -> Response:
    """The password, once more."""
    visitor.check_form(form_key)
    if visitor.session is None:
        return to_sign_in(request)
    user, target = visitor.session.user, own_path(next)
    with hub.database.read() as conn:
        has_one = has_password(conn, user)
    try:
        if has_one:
            check_password(hub.database, user, password)
            with hub.database.write() as conn:
                confirm(conn, visitor.secret)
    except PaddockError as e:
        return show_confirm(hub, visitor, target, e)
    return RedirectResponse(target, 303)


def show_confirm(
    hub: Hub, visitor: Visitor, target: str, problem: PaddockError | None = None
) -> Response:
    """What somebody has to prove it with, and what went wrong before."""
    user = visitor.require_user()
    with hub.database.read() as conn:
        has_one, has_passkey = has_password(conn, user), bool(passkeys_of(conn, user))
    return visitor.show(
        "account/confirm.html",
        200 if problem is None else problem.status,
        next=target,
        has_password=has_one,
        has_passkey=has_passkey,
        problem=None if problem is None else sentence(problem),
    )
