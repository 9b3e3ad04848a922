"""How often something may be guessed at: so many tries in a window, then a pause.

Counts in the database, so that several servers count together. A try is counted before it is made:
many at once get no further than many in a row.

One password tried on many accounts from many places stays below every such bound. So sign-ins that
failed are counted for the whole hub, too: when there are far more than people mistype, each account
and each address gets fewer tries, for as long as it lasts. Who is signed in notices nothing.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock import clock
from paddock.errors import PaddockError
from paddock.hub.sessions.tables import attempts
from paddock.log import get_logger

WINDOW = timedelta(minutes=15)
_MAX_SUBJECT_CHARS = 200
_HOME_BITS = 64
_log = get_logger(__name__)


class Tries(NamedTuple):
    """How often one may try in a window."""

    per_account: int
    per_address: int


USUAL = Tries(20, 60)
SPRAYED = Tries(5, 10)
SPRAYED_FROM = 500  # sign-ins of the hub that failed in a window
_FAILURES = "failures"


class TooManyAttempts(PaddockError):
    """Somebody guesses, or forgot."""

    code = "too_many_attempts"
    status = 429

    def __init__(self) -> None:
        minutes = int(WINDOW.total_seconds() / 60)
        super().__init__("too many attempts", hint=f"try again in {minutes} minutes")


def of_address(address: str) -> str:
    """What of an address is counted: of IPv6 the network, as one home has 2^64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _HOME_BITS), strict=False))
    return str(parsed)


def over_limit(conn: sa.Connection, subject: str, most: int, window: timedelta = WINDOW) -> bool:
    """Count a try, and tell whether there were more than ``most`` in the window.

    Told and not raised, because the count must be committed.
    """
    moment, key = clock.now(), subject[:_MAX_SUBJECT_CHARS]
    c = attempts.c
    conn.execute(attempts.delete().where(c.ends_at <= moment))
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    counted = (
        insert(attempts)
        .values(subject=key, ends_at=moment + window, tries=1)
        .on_conflict_do_update(index_elements=[c.subject], set_={"tries": c.tries + 1})
        .returning(c.tries)
    )
    return int(conn.execute(counted).scalar_one()) > most


def tries_now(conn: sa.Connection) -> Tries:
    """How often one may try to sign in, at present."""
    c = attempts.c
    query = sa.select(c.tries).where(c.subject == _FAILURES, c.ends_at > clock.now())
    return SPRAYED if (conn.scalar(query) or 0) >= SPRAYED_FROM else USUAL


def note_failure(conn: sa.Connection) -> None:
    """A sign-in failed: whoever's, from wherever."""
    if over_limit(conn, _FAILURES, SPRAYED_FROM - 1):
        _log.warning("very many sign-ins fail: each account and address gets fewer tries")


def forget_attempts(conn: sa.Connection, subject: str) -> None:
    """Start anew: the guess was right."""
    conn.execute(attempts.delete().where(attempts.c.subject == subject[:_MAX_SUBJECT_CHARS]))


def take_back_attempt(conn: sa.Connection, subject: str) -> None:
    """Count one try less: it was right, and says nothing of those before it.

    For what somebody can be right about as often as they like, such as codes of their own making.
    """
    c = attempts.c
    mine = sa.and_(c.subject == subject[:_MAX_SUBJECT_CHARS], c.tries > 0)
    conn.execute(attempts.update().where(mine).values(tries=c.tries - 1))
