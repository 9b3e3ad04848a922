"""A user's sessions, for the user: where and when they began, and how to end those of others.

A session is named by the beginning of what is kept of its secret, which tells nothing of the
secret itself. It is noted on which day one was used last, and no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from paddock import clock
from paddock.errors import NotFound, Unavailable
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people.tokens import digest
from paddock.hub.sessions.tables import sessions
from paddock.hub.types import Account, SignedIn
from paddock.log import get_logger
from paddock.storage.database import Database

_HANDLE_CHARS = 24
_log = get_logger(__name__)
_c = sessions.c


class SessionNotFound(NotFound):
    """The user has no such session, or it has ended."""

    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such session: it has ended already")


@dataclass(frozen=True, slots=True)
class Listed:
    """A session that has not ended."""

    handle: str
    created_at: datetime
    expires_at: datetime
    seen_on: date | None
    address: str | None
    agent: str | None
    by_token: bool  # somebody signed in with an access token
    is_this: bool


def sessions_of(conn: sa.Connection, user: Account, this: SignedIn) -> list[Listed]:
    """A user's sessions, the latest first."""
    query = sa.select(sessions).where(_c.user_id == user.id, _c.expires_at > clock.now())
    return [
        Listed(
            row.secret_sha256[:_HANDLE_CHARS],
            row.created_at,
            row.expires_at,
            row.seen_on,
            row.address,
            row.agent,
            row.token_id is not None,
            row.secret_sha256 == this.secret_sha256,
        )
        for row in conn.execute(query.order_by(_c.created_at.desc(), _c.secret_sha256))
    ]


def end_one(conn: sa.Connection, user: Account, handle: str) -> None:
    """Sign one browser out; raises SessionNotFound."""
    if not handle.isalnum() or not handle.isascii() or len(handle) != _HANDLE_CHARS:
        raise SessionNotFound
    named = sa.func.substr(_c.secret_sha256, 1, _HANDLE_CHARS) == handle
    if not conn.execute(sessions.delete().where(_c.user_id == user.id, named)).rowcount:
        raise SessionNotFound
    note(conn, Act.ACCOUNT_SIGN_OUT, account=user)


def end_others(conn: sa.Connection, user: Account, this: SignedIn) -> int:
    """Sign every other browser out; how many there were."""
    others = sessions.delete().where(_c.user_id == user.id, _c.secret_sha256 != this.secret_sha256)
    note(conn, Act.ACCOUNT_SIGN_OUT, account=user, what="others")
    return conn.execute(others).rowcount


def note_use(database: Database, secret: str, seen_on: date | None) -> None:
    """Note that a session was used today, once a day; no page waits or fails for the note."""
    today = clock.now().date()
    if seen_on == today or database.is_writing:
        return
    row = sessions.update().where(_c.secret_sha256 == digest(secret))
    try:
        with database.write() as conn:
            conn.execute(row.values(seen_on=today))
    except Unavailable as e:
        _log.info("a session's last use was not noted", reason=type(e).__name__)
