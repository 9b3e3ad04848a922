"""Who is signed in says once more who they are, before how they prove it is changed.

A session that somebody else got hold of is not enough to keep the account: for that the password or
a passkey must have been given lately, in this very session.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Unauthorized
from paddock.hub.people.tokens import digest
from paddock.hub.sessions.sessions import Session, check_password, has_password
from paddock.hub.sessions.tables import sessions
from paddock.storage.database import Database

LATELY: Final = timedelta(minutes=15)


class ConfirmFirst(Unauthorized):
    """Whoever is signed in has to say once more who they are."""

    code = "confirm_first"

    def __init__(self) -> None:
        super().__init__("say once more who you are", hint="sign out, and in again")


def is_confirmed(session: Session) -> bool:
    """Whether they proved who they are in the last minutes."""
    return clock.now() - session.confirmed_at < LATELY


def prove_again(database: Database, session: Session, password: str) -> None:
    """Raise unless the password is given, or who has none proved lately who they are.

    WrongPassword, TooManyAttempts or ConfirmFirst.
    """
    with database.read() as conn:
        has_one = has_password(conn, session.user)
    if has_one:
        check_password(database, session.user, password)
    elif not is_confirmed(session):
        raise ConfirmFirst


def confirm(conn: sa.Connection, secret: str) -> None:
    """They just did."""
    row = sessions.update().where(sessions.c.secret_sha256 == digest(secret))
    conn.execute(row.values(confirmed_at=clock.now()))
