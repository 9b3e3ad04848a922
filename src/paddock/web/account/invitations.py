"""The page of invitations: made, shown once, listed, withdrawn."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from paddock.errors import BadInput, Forbidden, PaddockError
from paddock.hub.access import is_site_admin
from paddock.hub.context import Hub, HubDep
from paddock.hub.mail.letters import Letter
from paddock.hub.people import invitations
from paddock.hub.people.accounts import get_account, orgs_of
from paddock.hub.people.invitations import Wanted
from paddock.hub.people.proving import TooManyLetters
from paddock.hub.types import Account
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = "/settings/invitations"
_SENTENCES = {
    "sent": "The invitation is on its way, by e-mail.",
    "withdrawn": "The invitation is withdrawn.",
}
_ROLES: Final = ("read", "contributor", "write", "admin")
_TEXT: Final = """Hello,

{name} invites you to {what} at {url}. The page is good for {days} days, once:

{link}

If you do not know {name}, do nothing: nobody uses your address then.
"""


@router.get(_PAGE)
def listed(request: Request, hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """One's own, and the form for another."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, done=said(_SENTENCES, done))


@router.post(_PAGE)
def make(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    uses: Text = "1",
    days: Text = "7",
    org: Text = "",
    role: Text = "read",
    email: Text = "",
    form_key: Text = "",
) -> Response:
    """A new invitation: sent to its address, or its link shown this once."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            wanted = _wanted(conn, uses, days, (org.strip(), role), email.strip())
            _check_may(hub, visitor, wanted)
            is_sent = bool(wanted.email) and hub.mail.is_on
            secret = invitations.make(conn, user, wanted, is_sent=is_sent)
            if is_sent:
                _send(hub, conn, user, wanted, secret)
    except PaddockError as e:
        return _show(hub, visitor, e.status, problem=sentence(e))
    if is_sent:
        return back_to(_PAGE, "sent")
    return _show(hub, visitor, link=_link(hub.base_url(request), secret))


@router.post(_PAGE + "/withdraw")
def withdraw(
    hub: HubDep, visitor: VisitorDep, invitation: Text = "", form_key: Text = ""
) -> Response:
    """It lets nobody in any more."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            invitations.withdraw(conn, user, _number(invitation))
    except PaddockError as e:
        return _show(hub, visitor, e.status, problem=sentence(e))
    return back_to(_PAGE, "withdrawn")


def _wanted(
    conn: sa.Connection, uses: str, days: str, where: tuple[str, str], email: str
) -> Wanted:
    org = get_account(conn, where[0], kind="org") if where[0] else None
    return Wanted(_number(uses), _number(days), org, where[1], email or None)


def _check_may(hub: Hub, visitor: Visitor, wanted: Wanted) -> None:
    """Raise Forbidden for who may bring in nobody from outside, or not to there."""
    if wanted.org is None and not _may_bring_in(hub, visitor):
        raise Forbidden("you invite to organizations alone", hint="choose one of yours")


def _may_bring_in(hub: Hub, visitor: Visitor) -> bool:
    return hub.sign_up.lets_bring_in(is_admin=is_site_admin(visitor.caller))


def _send(hub: Hub, conn: sa.Connection, user: Account, wanted: Wanted, secret: str) -> None:
    url = hub.background_url
    what = f"join {wanted.org.name}" if wanted.org else "make an account"
    link = _link(url, secret)
    text = _TEXT.format(name=user.name, what=what, url=url, days=wanted.days, link=link)
    letter = Letter(f"{user.name} invites you to {what}", text)
    if not hub.mail.ask_for_proof(conn, user, wanted.email or "", letter):
        raise TooManyLetters


def _link(url: str, secret: str) -> str:
    return f"{url}/join?invitation={secret}"


def _number(text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdecimal() or len(text.strip()) > 9:
        raise BadInput("that is not a whole number")
    return int(text)


def _show(hub: Hub, visitor: Visitor, status: int = 200, **values: object) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        found = invitations.made_by(conn, user)
        orgs = [m.org.name for m in orgs_of(conn, user) if m.role == "admin"]
    may_bring_in = _may_bring_in(hub, visitor)
    return visitor.show(
        "account/invitations.html",
        status,
        invitations=found,
        orgs=orgs,
        roles=_ROLES,
        may_bring_in=may_bring_in,
        sends_mail=hub.mail.is_on,
        most=(invitations.MAX_USES, invitations.MAX_DAYS),
        **{"link": None, **values},
    )
