"""The pages on which a person lets a waiting device in, by the short code that it shows (RFC 8628).

A link can hold a code, and anybody can send a link: so a page says what is asked for and by whom,
tells the person to compare the code with the one on their own screen, and allows nothing before
they say so.
"""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import Query, Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import HubDep
from paddock.hub.oauth import devices
from paddock.hub.oauth.devices import UnknownDeviceCode, Waiting
from paddock.hub.people import accounts
from paddock.hub.sessions.attempts import TooManyAttempts, over_limit, take_back_attempt
from paddock.hub.sessions.sessions import Session
from paddock.web.account.consent import FormFields, chosen_orgs, meanings, reaches
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.page_routes import page_router

router = page_router()

_CODE_TRIES = 20


@router.get("/oauth/device")
def device_form(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    user_code: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Where a person types the code that a device shows. A link may hold it; a person still says
    that it is the one they see.
    """
    if visitor.session is None:
        return to_sign_in(request)
    return visitor.show("account/device.html", problem=None, user_code=user_code)


@router.post("/oauth/device/confirm")
def confirm_device(
    request: Request, hub: HubDep, visitor: VisitorDep, form: FormFields
) -> Response:
    """Whose device it is and what it gets, before anything is allowed."""
    fields = dict(form)
    visitor.check_form(fields.get("form_key", ""))
    if visitor.session is None:
        return to_sign_in(request)
    with hub.database.write() as conn:
        found = _find_device(conn, visitor, visitor.session, fields.get("user_code", ""))
        orgs = accounts.orgs_of(conn, visitor.session.user)
    if isinstance(found, PaddockError):
        problem = found.message if found.hint is None else f"{found.message}: {found.hint}"
        typed = fields.get("user_code", "")[:20]
        return visitor.show("account/device.html", found.status, problem=problem, user_code=typed)
    is_bounded = not found.app.is_trusted and reaches(found.scope)
    return visitor.show(
        "account/device_confirm.html",
        app=found.app,
        user_code=devices.show_code(found.user_code),
        meanings=meanings(found.app, found.scope),
        orgs=[membership.org.name for membership in orgs] if is_bounded else [],
    )


@router.post("/oauth/device/decide")
def decide_device(request: Request, hub: HubDep, visitor: VisitorDep, form: FormFields) -> Response:
    """The person's answer, which the device learns when it asks next."""
    fields = dict(form)
    visitor.check_form(fields.get("form_key", ""))
    if visitor.session is None:
        return to_sign_in(request)
    user, is_allowed = visitor.session.user, fields.get("decision") == "allow"
    with hub.database.write() as conn:
        found = _find_device(conn, visitor, visitor.session, fields.get("user_code", ""))
        if isinstance(found, Waiting) and is_allowed:
            devices.approve(conn, found, user, chosen_orgs(conn, user, form))
        elif isinstance(found, Waiting):
            devices.deny(conn, found)
    if isinstance(found, PaddockError):
        problem = found.message if found.hint is None else f"{found.message}: {found.hint}"
        return visitor.show("account/device.html", found.status, problem=problem, user_code="")
    return visitor.show("account/device_done.html", app=found.app, is_allowed=is_allowed)


def _find_device(
    conn: sa.Connection, visitor: Visitor, session: Session, typed: str
) -> Waiting | PaddockError:
    """The device that waits; codes are few enough to be guessed at, so guesses are counted."""
    subjects = (f"code:{session.user.id}", f"code-address:{visitor.address}")
    is_over = [over_limit(conn, subject, _CODE_TRIES) for subject in subjects]
    if any(is_over):
        return TooManyAttempts()
    try:
        found = devices.find_waiting(conn, typed)
    except UnknownDeviceCode as e:
        return e
    for subject in subjects:
        take_back_attempt(conn, subject)  # no more: anybody can start a device and know its code
    return found
