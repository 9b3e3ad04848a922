"""A letter is put into the queue, in the transaction of what it tells.

Knows who may be written to and how often; does not know how mail is sent. An address that nobody
proved to read gets nothing but the letter that asks for the proof. Where no mail server is set,
nothing is posted, and what needs a letter says so (``require``).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Unavailable
from paddock.hub.jobs.queue import enqueue
from paddock.hub.mail.letters import Letter, tidied
from paddock.hub.mail.servers import MailServer
from paddock.hub.mail.tables import letters
from paddock.hub.people.emails import check_email
from paddock.hub.sessions.attempts import over_limit
from paddock.hub.tables import accounts
from paddock.hub.types import Account
from paddock.log import get_logger

SEND: Final = "mail.send"
_DAY: Final = timedelta(days=1)
LETTERS_PER_DAY: Final = 200  # to one address
PROOFS_PER_DAY: Final = 5  # whoever asks for them, to an address that may be anybody's
_log = get_logger(__name__)


class NoMail(Unavailable):
    """This hub sends no letters."""

    code = "no_mail"

    def __init__(self) -> None:
        super().__init__(
            "this hub sends no e-mail", hint="ask an administrator, who can set smtp_url"
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """The way out for letters, if there is one."""

    server: MailServer | None = None

    @property
    def is_on(self) -> bool:
        """Whether letters are sent at all."""
        return self.server is not None

    def require(self) -> None:
        """Raise NoMail where none are sent."""
        if self.server is None:
            raise NoMail

    def post(self, conn: sa.Connection, user: Account, letter: Letter) -> bool:
        """Write to a user; whether they can be: they have a proven address that may get more."""
        if self.server is None or (address := proven_address(conn, user)) is None:
            return False
        return self._post(conn, user, address, letter, LETTERS_PER_DAY)

    def ask_for_proof(
        self, conn: sa.Connection, user: Account, address: str, letter: Letter
    ) -> bool:
        """Ask whoever reads an address whether it is this user's; whether it may get more.

        Raises BadEmail.
        """
        if self.server is None:
            return False
        return self._post(conn, user, check_email(address), letter, PROOFS_PER_DAY)

    def _post(
        self, conn: sa.Connection, user: Account, address: str, letter: Letter, most: int
    ) -> bool:
        kind = "proof" if most == PROOFS_PER_DAY else "mail"
        if over_limit(conn, f"{kind}:{address.lower()}", most, _DAY):
            _log.warning("a letter was not posted: its address got enough today", user_id=user.id)
            return False
        tidy = tidied(letter)
        row = {
            "user_id": user.id,
            "address": address,
            "subject": tidy.subject,
            "text": tidy.text,
            "headers": dict(tidy.headers),
            "message_id": secrets.token_hex(16),
            "ends_at": clock.now() + tidy.life,
        }
        letter_id = conn.execute(letters.insert().values(row).returning(letters.c.id)).scalar_one()
        enqueue(conn, SEND, {"letter_id": letter_id})
        return True


def proven_address(conn: sa.Connection, user: Account) -> str | None:
    """The address that a user proved to read, if any."""
    query = sa.select(accounts.c.email).where(
        accounts.c.id == user.id, accounts.c.email_verified_at.is_not(None)
    )
    return conn.execute(query).scalar_one_or_none()
