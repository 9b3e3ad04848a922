"""Making an account of one's own: what is asked, and how often an address may try.

Knows the rule of signing up (``sign_up``) and invitations, which let somebody in where strangers
make no accounts. A name that somebody has is told as taken, which its page tells anyway; nothing
else about anybody is told.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from paddock.errors import BadInput, Forbidden
from paddock.hub.context import Hub
from paddock.hub.people import invitations
from paddock.hub.people.accounts import create_user
from paddock.hub.people.emails import check_email
from paddock.hub.people.passwords import hash_password
from paddock.hub.people.proving import TooManyLetters, change_address
from paddock.hub.sessions.attempts import TooManyAttempts, of_address, over_limit
from paddock.hub.sessions.sessions import Place, start_session
from paddock.hub.sessions.sign_up import SignUp
from paddock.hub.tables import accounts
from paddock.hub.types import Account

TRIES_PER_ADDRESS = 20


class SignUpClosed(Forbidden):
    """Strangers make no accounts on this hub."""

    code = "sign_up_closed"

    def __init__(self) -> None:
        super().__init__(
            "nobody makes an account by themselves on this hub",
            hint="ask an administrator for one, or for an invitation",
        )


class TermsNotAccepted(BadInput):
    """The terms must be accepted, as they are now."""

    code = "terms_not_accepted"


@dataclass(frozen=True, slots=True)
class Joining:
    """What somebody wrote into the form."""

    name: str
    password: str
    full_name: str = ""
    email: str = ""
    terms_sha256: str = ""  # of those that they were shown and accepted
    invitation: str = ""  # its secret


def join(hub: Hub, wanted: Joining, place: Place) -> tuple[Account, str]:
    """The new user and their session's secret.

    Raises SignUpClosed, InvitationEnded, TooManyAttempts, TermsNotAccepted, BadName, BadEmail,
    BadPassword, BadInput, AlreadyExists, NameKept or NameTooLike.
    """
    if not hub.sign_up.is_open:
        _check_invited(hub, wanted.invitation)
    with hub.database.write() as conn:
        is_over = over_limit(conn, f"join:{of_address(place.address)}", TRIES_PER_ADDRESS)
    if is_over:
        raise TooManyAttempts
    check_terms(hub.sign_up, wanted.terms_sha256)
    email = check_email(wanted.email.strip()) if wanted.email.strip() else None
    stored = hash_password(wanted.password)  # outside the transaction: it takes a tenth of a second
    with hub.database.write() as conn:
        user = create_user(conn, wanted.name, full_name=wanted.full_name or None)
        is_proven = False
        if wanted.invitation:
            is_proven = invitations.use(conn, wanted.invitation, user, email).is_sent
        values = {"password_hash": stored, "terms_sha256": hub.sign_up.terms_sha256}
        conn.execute(sa.update(accounts).where(accounts.c.id == user.id).values(values))
        if email is not None and not is_proven:
            with suppress(TooManyLetters):  # which is no reason to send somebody away
                change_address(conn, hub.mail, user, email, hub.background_url)
        return user, start_session(conn, user, place=place)


def invited_by(hub: Hub, secret: str) -> invitations.Invitation:
    """The invitation with which strangers may make an account; raises InvitationEnded.

    Its maker must still be somebody who may bring others in: an organisation's admins invite to it
    whoever has an account, and no more.
    """
    with hub.database.read() as conn:
        found = invitations.find(conn, secret)
    if not hub.sign_up.lets_bring_in(is_admin=found.maker.is_admin):
        raise invitations.InvitationEnded
    return found


def _check_invited(hub: Hub, secret: str) -> None:
    if hub.sign_up.rule != "invitation" or not secret:
        raise SignUpClosed
    invited_by(hub, secret)


def check_terms(sign_up: SignUp, accepted_sha256: str) -> None:
    """Raise TermsNotAccepted unless the terms as they are now were accepted, if there are any."""
    if sign_up.terms is not None and accepted_sha256 != sign_up.terms_sha256:
        raise TermsNotAccepted(
            "the terms are not accepted", hint="read them and check the box, or go without account"
        )
