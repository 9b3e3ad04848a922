"""The page of passkeys, and signing in with one. What a browser's script asks for is JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import passkeys
from paddock.hub.people.alarms import tell_of_change
from paddock.hub.people.passkeys import MAX_ANSWER_CHARS, NoPasskeysHere, site_of
from paddock.hub.sessions import by_passkey
from paddock.hub.sessions.sessions import end_session, has_password
from paddock.web.account.confirming import ask_again, show_confirm
from paddock.web.account.signing_in import place_of, show_sign_in
from paddock.web.browser import Visitor, VisitorDep, own_path
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/passkeys"
_SENTENCES = {
    "kept": "The passkey is kept. Sign in with it from now on.",
    "renamed": "The passkey has another name.",
    "removed": "The passkey is removed: it opens nothing here any more.",
}
Answer = Annotated[str, Form(max_length=MAX_ANSWER_CHARS)]


@router.post("/login/passkey/begin")
def begin(request: Request, hub: HubDep, visitor: VisitorDep, form_key: Text = "") -> Response:
    """What the browser is to have signed, to sign in or to prove it again."""
    visitor.check_form(form_key)
    site = site_of(hub.base_url(request))
    return JSONResponse(by_passkey.ask(hub, site, visitor.secret, place_of(request, visitor)))


@router.post("/login/passkey")
def sign_in(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    answer: Answer = "",
    next: Text = "/",
    form_key: Text = "",
) -> Response:
    """A new session, whatever session there was."""
    visitor.check_form(form_key)
    target, place = own_path(next), place_of(request, visitor)
    try:
        site = site_of(hub.base_url(request))
        secret = by_passkey.sign_in(hub, site, visitor.secret, answer, place)
    except PaddockError as e:
        return show_sign_in(hub, visitor, target, e.status, problem=sentence(e))
    if visitor.session is not None:
        with hub.database.write() as conn:
            end_session(conn, visitor.secret)
    return visitor.sign_in(RedirectResponse(target, 303), secret)


@router.post("/login/confirm/passkey")
def confirm(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    answer: Answer = "",
    next: Text = "/",
    form_key: Text = "",
) -> Response:
    """Who is signed in says once more who they are."""
    visitor.check_form(form_key)
    user, target = visitor.require_user(), own_path(next)
    try:
        site = site_of(hub.base_url(request))
        by_passkey.prove_again(hub, site, visitor.secret, answer, user)
    except PaddockError as e:
        return show_confirm(hub, visitor, target, e)
    return RedirectResponse(target, 303)


@router.get(_PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """One's own, and the way to another."""
    if answer := ask_again(request, visitor):
        return answer
    return _show(request, hub, visitor, done=said(_SENTENCES, done))


@router.post(_PAGE + "/begin")
def begin_new(request: Request, hub: HubDep, visitor: VisitorDep, form_key: Text = "") -> Response:
    """What the browser is to ask a device for."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    if answer := ask_again(request, visitor, _PAGE):
        return answer
    site = site_of(hub.base_url(request))
    with hub.database.write() as conn:
        return JSONResponse(passkeys.begin_registration(conn, user, site, visitor.secret))


@router.post(_PAGE)
def keep(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    answer: Answer = "",
    name: Text = "",
    form_key: Text = "",
) -> Response:
    """The passkey that a device made."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    if elsewhere := ask_again(request, visitor, _PAGE):
        return elsewhere
    try:
        site = site_of(hub.base_url(request))
        with hub.database.write() as conn:
            passkeys.finish_registration(conn, user, site, visitor.secret, answer, name)
            what = f"A passkey was added, called {name.strip()}."
            tell_of_change(conn, hub.mail, user, what, hub.background_url)
    except PaddockError as e:
        return _show(request, hub, visitor, e.status, problem=sentence(e))
    return back_to(_PAGE, "kept")


@router.post(_PAGE + "/{number:int}/rename")
def rename(
    request: Request, hub: HubDep, visitor: VisitorDep, number: int, name: Text = "",
    form_key: Text = "",
) -> Response:  # fmt: skip
    """Another name for it."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            passkeys.rename_passkey(conn, user, min(number, 2**63 - 1), name)
    except PaddockError as e:
        return _show(request, hub, visitor, e.status, problem=sentence(e))
    return back_to(_PAGE, "renamed")


@router.post(_PAGE + "/{number:int}/remove")
def remove(
    request: Request, hub: HubDep, visitor: VisitorDep, number: int, form_key: Text = ""
) -> Response:
    """It opens nothing any more."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    if elsewhere := ask_again(request, visitor, _PAGE):
        return elsewhere
    try:
        with hub.database.write() as conn:
            has_one = has_password(conn, user)
            passkeys.remove_passkey(conn, user, min(number, 2**63 - 1), has_password=has_one)
            tell_of_change(conn, hub.mail, user, "A passkey was removed.", hub.background_url)
    except PaddockError as e:
        return _show(request, hub, visitor, e.status, problem=sentence(e))
    return back_to(_PAGE, "removed")


def _show(
    request: Request, hub: Hub, visitor: Visitor, status: int = 200, **values: object
) -> Response:
    user = visitor.require_user()
    try:
        site_of(hub.base_url(request))
        not_here = None
    except NoPasskeysHere as e:
        not_here = sentence(e)
    with hub.database.read() as conn:
        found = passkeys.passkeys_of(conn, user)
    return visitor.show(
        "account/passkeys.html", status, passkeys=found, not_here=not_here, **values
    )
