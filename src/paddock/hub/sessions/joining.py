"""Making an account of one's own: whether the hub lets strangers, and what they must accept.

Knows the settings of signing up, what is asked, and how often an address may try. A name that
somebody has is told as taken, which its page tells anyway; nothing else about anybody is told.
Invitations are another way in, beside ``is_open``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from paddock.digest import sha256_hex
from paddock.errors import BadInput, Forbidden
from paddock.hub.people.accounts import create_user
from paddock.hub.people.emails import check_email
from paddock.hub.people.passwords import hash_password
from paddock.hub.sessions.attempts import TooManyAttempts, of_address, over_limit
from paddock.hub.sessions.sessions import Place, start_session
from paddock.hub.tables import accounts
from paddock.hub.types import Account
from paddock.storage.database import Database

TRIES_PER_ADDRESS = 20
MAX_TERMS_BYTES = 200_000


class SignUpClosed(Forbidden):
    """Strangers make no accounts on this hub."""

    code = "sign_up_closed"

    def __init__(self) -> None:
        super().__init__(
            "nobody makes an account by themselves on this hub",
            hint="ask an administrator for one",
        )


class TermsNotAccepted(BadInput):
    """The terms must be accepted, as they are now."""

    code = "terms_not_accepted"


@dataclass(frozen=True, slots=True)
class SignUp:
    """Whether strangers may make accounts, and the terms that they accept with it."""

    is_open: bool = False
    terms: str | None = None  # Markdown

    @property
    def terms_sha256(self) -> str | None:
        """What tells these terms from others."""
        return None if self.terms is None else sha256_hex(self.terms.encode())


@dataclass(frozen=True, slots=True)
class Joining:
    """What somebody wrote into the form."""

    name: str
    password: str
    full_name: str = ""
    email: str = ""
    terms_sha256: str = ""  # of those that they were shown and accepted


def read_sign_up(is_open: bool, terms_file: str) -> SignUp:
    """The settings, the terms read once; raises BadInput for a file that cannot be."""
    if not terms_file:
        return SignUp(is_open)
    path = Path(terms_file).expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TERMS_BYTES + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"sign_up_terms: {path} cannot be read as text ({e})") from e
    if len(content) > MAX_TERMS_BYTES:
        raise BadInput(f"sign_up_terms: {path} is larger than {MAX_TERMS_BYTES} bytes")
    return SignUp(is_open, text)


def join(database: Database, sign_up: SignUp, wanted: Joining, place: Place) -> tuple[Account, str]:
    """The new user and their session's secret.

    Raises SignUpClosed, TooManyAttempts, TermsNotAccepted, BadName, BadEmail, BadPassword,
    BadInput, AlreadyExists, NameKept or NameTooLike.
    """
    if not sign_up.is_open:
        raise SignUpClosed
    with database.write() as conn:
        is_over = over_limit(conn, f"join:{of_address(place.address)}", TRIES_PER_ADDRESS)
    if is_over:
        raise TooManyAttempts
    if sign_up.terms is not None and wanted.terms_sha256 != sign_up.terms_sha256:
        raise TermsNotAccepted(
            "the terms are not accepted", hint="read them and check the box, or go without account"
        )
    email = check_email(wanted.email.strip()) if wanted.email.strip() else None
    stored = hash_password(wanted.password)  # outside the transaction: it takes a tenth of a second
    with database.write() as conn:
        user = create_user(conn, wanted.name, full_name=wanted.full_name or None, email=email)
        values = {"password_hash": stored, "terms_sha256": sign_up.terms_sha256}
        conn.execute(sa.update(accounts).where(accounts.c.id == user.id).values(values))
        return user, start_session(conn, user, place=place)
