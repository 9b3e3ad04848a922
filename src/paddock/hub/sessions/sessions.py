"""Sessions: a browser that signed in, and who it is.

Knows passwords and tokens as ways to sign in, and the secret behind the cookie, which is new at
every sign-in and kept as its SHA-256. A session counts on our own pages: beside the cookie they
send a key that is derived from its secret, so that no page of anybody else can make a browser use
it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Unauthorized
from paddock.hub import names
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people import service_accounts
from paddock.hub.people.accounts import find_account, to_account
from paddock.hub.people.passwords import BadPassword, hash_password, is_outdated, verify_password
from paddock.hub.people.tokens import authenticate, digest, new_secret
from paddock.hub.sessions.attempts import (
    USUAL,
    TooManyAttempts,
    forget_attempts,
    note_failure,
    of_address,
    over_limit,
    tries_now,
)
from paddock.hub.sessions.tables import sessions
from paddock.hub.tables import accounts, tokens
from paddock.hub.types import Account, Caller, SignedIn, Token
from paddock.storage.database import Database

LIFE = timedelta(days=14)
_PREFIX = "hf_session_"
_SALT_BYTES, _MAX_KEY_CHARS = 8, 200
_MAX_AGENT_CHARS, _MAX_ADDRESS_CHARS = 300, 64


class WrongPassword(Unauthorized):
    """The name or the password is wrong; which of them is nobody's business."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("the name or the password is wrong")


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session."""

    user: Account
    created_at: datetime
    confirmed_at: datetime  # when they last proved who they are
    caller: Caller  # what the user may do from a page
    seen_on: date | None = None  # the last day on which its use was noted


class Place(NamedTuple):
    """Where somebody sits who signs in: an address, and what their browser calls itself."""

    address: str = "unknown"
    agent: str = ""


def sign_in(database: Database, name: str, password: str, place: Place) -> tuple[Account, str]:
    """The user and a new session's secret; raises WrongPassword or TooManyAttempts.

    A token with which the user may write is as good as their password, for as long as it is there.
    """
    subject = account_subject(name)
    with database.write() as conn:
        most = tries_now(conn)
        is_over = [
            over_limit(conn, subject, most.per_account),
            over_limit(conn, f"address:{of_address(place.address)}", most.per_address),
        ]
    if any(is_over):
        raise TooManyAttempts
    token = _by_token(database, name, password)
    try:
        user = token.account if token else _by_password(database, name, password)
    except WrongPassword:
        with database.write() as conn:
            note_failure(conn)
        raise
    with database.write() as conn:
        forget_attempts(conn, subject)
        return user, start_session(conn, user, token.token if token else None, place=place)


def start_session(
    conn: sa.Connection, user: Account, token: Token | None = None, *, place: Place | None = None
) -> str:
    """A new session's secret; it ends with the token that it began with. Raises WrongPassword."""
    if service_accounts.owner_of(conn, user) is not None:
        raise WrongPassword  # a program, which no browser is
    moment = clock.now()
    conn.execute(sessions.delete().where(sessions.c.expires_at <= moment))
    secret = new_secret(_PREFIX)
    ends = moment + LIFE
    if token is not None and token.expires_at is not None:
        ends = min(ends, token.expires_at)
    token_id = token.id if token else None
    values = {"user_id": user.id, "created_at": moment, "expires_at": ends, "token_id": token_id}
    seen = {"confirmed_at": moment, "seen_on": moment.date(), **_told(place)}
    conn.execute(sessions.insert().values(secret_sha256=digest(secret), **values, **seen))
    note(conn, Act.ACCOUNT_SIGN_IN, account=user, with_token=token.id if token else None)
    return secret


def _told(place: Place | None) -> dict[str, str | None]:
    """What is kept of a place: bounded, and fit to be shown."""
    if place is None:
        return {"address": None, "agent": None}
    agent = "".join(c if c.isprintable() else " " for c in place.agent[:_MAX_AGENT_CHARS])
    return {"address": place.address[:_MAX_ADDRESS_CHARS], "agent": agent.strip() or None}


def find_session(conn: sa.Connection, secret: str) -> Session | None:
    """The session behind a cookie, if there is one and it has not ended."""
    return recall_session(conn, digest(secret))


_SESSION = (
    sa.select(
        accounts,
        sessions.c.created_at.label("signed_in_at"),
        sessions.c.confirmed_at,
        sessions.c.seen_on,
        tokens.c.role.label("token_role"),
    )
    .join(sessions, sessions.c.user_id == accounts.c.id)
    .outerjoin(tokens, tokens.c.id == sessions.c.token_id)
    .where(
        sessions.c.secret_sha256 == sa.bindparam("secret_sha256"),
        accounts.c.disabled_at.is_(None),
        sessions.c.expires_at > sa.bindparam("moment", type_=sessions.c.expires_at.type),
    )
)


def recall_session(conn: sa.Connection, secret_sha256: str) -> Session | None:
    """The same for what was kept of the secret."""
    asked = {"secret_sha256": secret_sha256, "moment": clock.now()}
    row = conn.execute(_SESSION, asked).mappings().one_or_none()
    if row is None:
        return None
    user = to_account(row)
    # Who signed in with a token has no more rights than it.
    is_admin = user.is_admin and row["token_role"] in {None, "admin"}
    signed_in = SignedIn(secret_sha256, is_admin)
    caller = Caller(user, None, session=signed_in)
    moments = (row["signed_in_at"], row[sessions.c.confirmed_at])
    return Session(user, *moments, caller, row[sessions.c.seen_on])


def account_subject(name: str) -> str:
    """Under which guesses at an account's password are counted."""
    return f"account:{names.account_key(name)}"


def end_all(conn: sa.Connection, user: Account) -> None:
    """Sign every browser of theirs out."""
    conn.execute(sessions.delete().where(sessions.c.user_id == user.id))


def end_session(conn: sa.Connection, secret: str) -> None:
    """Sign out."""
    conn.execute(sessions.delete().where(sessions.c.secret_sha256 == digest(secret)))
    note(conn, Act.ACCOUNT_SIGN_OUT)


def change_password(
    database: Database, user: Account, old: str, new: str, *, kept_secret: str
) -> None:
    """Set a new password and sign out everywhere else.

    Raises WrongPassword, BadPassword or TooManyAttempts. Who has none needs none to set one.
    """
    row, subject = accounts.c.id == user.id, account_subject(user.name)
    with database.write() as conn:
        is_over = over_limit(conn, subject, USUAL.per_account)
        stored = conn.scalar(sa.select(accounts.c.password_hash).where(row))
    if is_over:
        raise TooManyAttempts
    if stored is not None and not verify_password(old, stored):
        raise WrongPassword
    made = hash_password(new)
    with database.write() as conn:
        # If the password is still the one that was checked.
        change = accounts.update().where(row, accounts.c.password_hash.is_not_distinct_from(stored))
        if conn.execute(change.values(password_hash=made)).rowcount == 0:
            raise WrongPassword
        c, kept = sessions.c, digest(kept_secret)
        conn.execute(sessions.delete().where(c.user_id == user.id, c.secret_sha256 != kept))
        forget_attempts(conn, subject)
        note(conn, Act.ACCOUNT_PASSWORD, account=user)


def has_password(conn: sa.Connection, user: Account) -> bool:
    """Whether the user has a password at all."""
    query = sa.select(accounts.c.password_hash).where(accounts.c.id == user.id)
    return conn.scalar(query) is not None


def check_password(database: Database, user: Account, password: str) -> None:
    """Raise WrongPassword or TooManyAttempts unless it is the user's, or they have none."""
    subject = account_subject(user.name)
    with database.write() as conn:
        is_over = over_limit(conn, subject, USUAL.per_account)
        stored = conn.scalar(sa.select(accounts.c.password_hash).where(accounts.c.id == user.id))
    if is_over:
        raise TooManyAttempts
    if stored is not None and not verify_password(password, stored):
        raise WrongPassword
    with database.write() as conn:
        forget_attempts(conn, subject)


def set_password(conn: sa.Connection, user: Account, new: str) -> None:
    """The same by an administrator, who need not know the old one; raises BadPassword."""
    change = accounts.update().where(accounts.c.id == user.id)
    conn.execute(change.values(password_hash=hash_password(new)))
    end_all(conn, user)
    note(conn, Act.ACCOUNT_PASSWORD, account=user)


def form_key(secret: str) -> str:
    """What forms carry to show that they come from a page of this session.

    Another one each time: a page is sent compressed, and what stands in it again and again could be
    guessed letter by letter from how well it is (BREACH, CVE-2013-3587).
    """
    return _form_key(secret, os.urandom(_SALT_BYTES).hex())


def is_form_key(secret: str, given: str) -> bool:
    """Whether a form came from a page of this session."""
    if not given.isascii() or len(given) > _MAX_KEY_CHARS:
        return False
    salt = given.partition(".")[0]
    return hmac.compare_digest(_form_key(secret, salt), given)


def _form_key(secret: str, salt: str) -> str:
    return f"{salt}.{hashlib.sha256(f'form.{salt}.{secret}'.encode()).hexdigest()}"


def _by_password(database: Database, name: str, password: str) -> Account:
    with database.read() as conn:
        user = find_account(conn, name)
        wanted = sa.select(accounts.c.password_hash).where(
            accounts.c.id == (user.id if user else 0), accounts.c.disabled_at.is_(None)
        )
        stored = conn.scalar(wanted)
    # Outside the transaction, and the same work for a name that nobody has.
    if not verify_password(password, stored) or user is None or user.kind != "user":
        raise WrongPassword
    if stored is not None and is_outdated(stored):
        _store_anew(database, user, password, stored)
    return user


def _store_anew(database: Database, user: Account, password: str, stored: str) -> None:
    """Keep a password that was right in today's way."""
    with suppress(BadPassword):  # one that would be too short today stays as it is
        made = hash_password(password)
        row = sa.and_(accounts.c.id == user.id, accounts.c.password_hash == stored)
        with database.write() as conn:
            conn.execute(accounts.update().where(row).values(password_hash=made))


class _TokenLogin(NamedTuple):
    account: Account
    token: Token


def _by_token(database: Database, name: str, token: str) -> _TokenLogin | None:
    if not token.startswith("hf_"):
        return None
    try:
        caller = authenticate(database, token)
    except Unauthorized:
        return None
    if caller.account is None or caller.token is None or not caller.may_write:
        return None
    if caller.token.grant_id is not None or caller.account.name.lower() != name.lower():
        return None
    return _TokenLogin(caller.account, caller.token)
