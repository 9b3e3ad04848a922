"""The page of the address of mail, and the one that a letter leads to, where it is proven."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people.emails import MAX_EMAIL_CHARS
from paddock.hub.people.mail_links import LinkEnded, find_link, waiting_address
from paddock.hub.people.proving import (
    CONFIRM_PATH,
    PROOF,
    change_address,
    prove_address,
    remove_address,
)
from paddock.web.account.confirming import ask_again
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/email"
_SENTENCES = {
    "sent": "A letter is on its way. Open the link in it while you are signed in here.",
    "kept": "The address is kept.",
    "removed": "The address is removed.",
}
Key = Annotated[str, Query(max_length=200)]


@router.get(_PAGE)
def form(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """The address, and a form for another."""
    if answer := ask_again(request, visitor):
        return answer
    return _show(hub, visitor, done=said(_SENTENCES, done))


@router.post(_PAGE)
def change(
    request: Request, hub: HubDep, visitor: VisitorDep, email: Text = "", form_key: Text = ""
) -> Response:
    """Another address, which counts once it is proven."""
    visitor.check_form(form_key)
    if answer := ask_again(request, visitor, _PAGE):
        return answer
    try:
        with hub.database.write() as conn:
            user = visitor.require_user()
            is_sent = change_address(conn, hub.mail, user, email.strip(), hub.background_url)
    except PaddockError as e:
        shown = email[:MAX_EMAIL_CHARS]
        return _show(hub, visitor, e.status, problem=sentence(e), given=shown)
    return back_to(_PAGE, "sent" if is_sent else "kept")


@router.post(_PAGE + "/remove")
def remove(request: Request, hub: HubDep, visitor: VisitorDep, form_key: Text = "") -> Response:
    """No address any more."""
    visitor.check_form(form_key)
    if answer := ask_again(request, visitor, _PAGE):
        return answer
    with hub.database.write() as conn:
        remove_address(conn, hub.mail, visitor.require_user(), hub.background_url)
    return back_to(_PAGE, "removed")


@router.get(CONFIRM_PATH)
def confirm_form(request: Request, hub: HubDep, visitor: VisitorDep, key: Key = "") -> Response:
    """What the letter leads to: a button, as programs that read mail follow links."""
    if visitor.session is None:
        return to_sign_in(request)
    try:
        with hub.database.read() as conn:
            link = find_link(conn, PROOF, key)
        if link.user.id != visitor.session.user.id:
            raise LinkEnded
    except LinkEnded as e:
        return _show_confirm(visitor, "", "", e)
    return _show_confirm(visitor, key, link.address)


@router.post(CONFIRM_PATH)
def confirm(hub: HubDep, visitor: VisitorDep, key: Text = "", form_key: Text = "") -> Response:
    """The address is proven."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            prove_address(conn, hub.mail, user, key, hub.background_url)
    except PaddockError as e:
        return _show_confirm(visitor, "", "", e)
    return back_to("/settings/profile", "proven")


def _show_confirm(
    visitor: Visitor, key: str, address: str, problem: PaddockError | None = None
) -> Response:
    return visitor.show(
        "account/confirm_email.html",
        200 if problem is None else problem.status,
        key=key,
        address=address,
        problem=None if problem is None else sentence(problem),
    )


def _show(
    hub: Hub, visitor: Visitor, status: int = 200, *, given: str = "", **values: object
) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        waiting = waiting_address(conn, user, PROOF)
    return visitor.show(
        "account/email.html",
        status,
        present=user.email,
        is_proven=user.is_email_proven,
        waiting=waiting,
        sends_mail=hub.mail.is_on,
        given=given,
        **values,
    )
