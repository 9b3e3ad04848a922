"""Access tokens: made once, shown once, kept as SHA-256 only.

Knows secrets, roles and ends; what a role allows is ``access``'s business. A token is 28 random
letters after ``hf_``, 159 bits, and 6 more that follow from those, so a plain fast hash is enough
to keep it: there is nothing to guess. Every wrong secret costs one hash and one look-up, whatever
is wrong with it. A token that was revoked or has ended is a wrong one from the next request on.
"""

from __future__ import annotations

import hmac
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.digest import sha256_hex
from paddock.errors import BadInput, NotFound, Unauthorized, Unavailable, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people import scopes, service_accounts
from paddock.hub.people.accounts import to_account
from paddock.hub.people.scopes import Scopes
from paddock.hub.tables import accounts, tokens
from paddock.hub.types import FINE_GRAINED, Account, Caller, Token
from paddock.log import get_logger
from paddock.storage.database import Database

ROLES = ("read", "write", "admin")
TOKEN_PREFIX = "hf_"  # noqa: S105  # what secret scanners look for, no secret itself
RANDOM_CHARS = 28  # after the prefix
CHECKSUM_CHARS = 6  # after those: 52^6 is more than 2^32
MAX_NAME_CHARS = 100
MAX_TOKENS = 1000  # of one user
MAX_SERVICE_LIFE = timedelta(days=366)  # of a service account's token
_ALPHABET = string.ascii_letters
_TOUCH_EVERY = timedelta(minutes=1)
_MARK_CHARS = 16
# The stock client tells "wrong token" from "no such repository" by exactly this sentence.
WRONG_CREDENTIALS = "Invalid credentials in Authorization header"

_log = get_logger(__name__)


class TokenNotFound(NotFound):
    """The user has no such token."""

    code = "token_not_found"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What keeps a token within limits, beside its role."""

    scopes: Scopes | None = None  # makes the token a fine-grained one
    expires_at: datetime | None = None
    grant_id: int | None = None
    prefix: str = TOKEN_PREFIX


def create_token(
    conn: sa.Connection, account: Account, name: str, role: str, bounds: Bounds | None = None
) -> str:
    """A new token's secret, which nobody can read again."""
    within = bounds or Bounds()
    if role not in ROLES and not (role == FINE_GRAINED and within.scopes is not None):
        raise BadInput(f"no token role is named {shown(role)}", hint=f"use one of {ROLES}")
    if account.kind != "user":
        raise BadInput(f"{account.name} is an organization: only users have tokens")
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise BadInput(f"{shown(name)} cannot be the name of a token")
    if service_accounts.require_enabled(conn, account):
        _check_for_service(account, within)
    count = sa.select(sa.func.count()).where(
        tokens.c.user_id == account.id, tokens.c.grant_id.is_(None)
    )
    if within.grant_id is None and (conn.scalar(count) or 0) >= MAX_TOKENS:
        raise BadInput(f"{account.name} has {MAX_TOKENS} tokens", hint="revoke those not in use")
    secret = new_secret(within.prefix)
    conn.execute(
        tokens.insert().values(
            user_id=account.id,
            name=name,
            role=role,
            secret_sha256=digest(secret),
            created_at=clock.now(),
            scopes=None if within.scopes is None else scopes.to_json(within.scopes),
            expires_at=within.expires_at,
            grant_id=within.grant_id,
        )
    )
    note(conn, Act.TOKEN_CREATE, account=account, name=name, role=role)
    return secret


def _check_for_service(account: Account, within: Bounds) -> None:
    """Nobody notices what becomes of a program's token: it does little, and not for ever."""
    if within.scopes is None or within.expires_at is None:
        hint = f"say what it may do, and when it ends within {MAX_SERVICE_LIFE.days} days"
        raise BadInput("a service account's tokens are fine-grained, and end", hint=hint)
    if (scopes.ACCOUNT, account.id) in within.scopes.on:
        raise BadInput("a service account has no repositories of its own")
    moment = clock.now()
    if not moment < within.expires_at <= moment + MAX_SERVICE_LIFE:
        raise BadInput(f"a service account's token ends within {MAX_SERVICE_LIFE.days} days")


def new_secret(prefix: str) -> str:
    """A secret that nobody can guess, behind a prefix that scanners know.

    Letters alone, and 34 of them: scanners look for tokens of the Hub by exactly that.
    """
    chosen = "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARS))
    return prefix + chosen + _checksum(chosen)


def _checksum(chosen: str) -> str:
    """The CRC-32 of what was chosen, in letters: what only looks like a token has a wrong one."""
    number, letters = zlib.crc32(chosen.encode()), ""
    for _ in range(CHECKSUM_CHARS):
        number, place = divmod(number, len(_ALPHABET))
        letters = _ALPHABET[place] + letters
    return letters


def tokens_of(conn: sa.Connection, account: Account) -> list[Token]:
    """A user's tokens, newest first; those of applications are listed with their grants."""
    query = sa.select(tokens).where(tokens.c.user_id == account.id, tokens.c.grant_id.is_(None))
    rows = conn.execute(query.order_by(tokens.c.id.desc())).mappings()
    return [_to_token(row) for row in rows]


def revoke_token(conn: sa.Connection, account: Account, token_id: int) -> None:
    """End a token of a user's at once; raises TokenNotFound."""
    c = tokens.c
    gone = conn.execute(tokens.delete().where(c.id == token_id, c.user_id == account.id))
    if gone.rowcount == 0:
        raise TokenNotFound(f"{account.name} has no token with that id")
    note(conn, Act.TOKEN_REVOKE, account=account, token=token_id)


def authenticate(database: Database, secret: str) -> Caller:
    """Whose token this is; raises Unauthorized for anything that is not a token."""
    found = digest(secret)
    query = (
        sa.select(accounts, tokens)
        .join(accounts, accounts.c.id == tokens.c.user_id)
        .where(tokens.c.secret_sha256 == found, accounts.c.disabled_at.is_(None))
    )
    with database.read() as conn:
        row = conn.execute(query).mappings().one_or_none()
    if row is None or not hmac.compare_digest(row[tokens.c.secret_sha256], found):
        raise Unauthorized(WRONG_CREDENTIALS, hint="check the token, or make a new one")
    token = _to_token(row)
    if token.expires_at is not None and token.expires_at <= clock.now():
        raise Unauthorized(WRONG_CREDENTIALS, hint="the token has expired: make a new one")
    _touch(database, token)
    return Caller(to_account(row), token)


def mark_of(conn: sa.Connection, token_id: int) -> str:
    """What tells a token's present secret from an earlier one, and nothing of the secret."""
    query = sa.select(tokens.c.secret_sha256).where(tokens.c.id == token_id)
    return str(conn.execute(query).scalar_one_or_none() or "")[:_MARK_CHARS]


# Asked for every range of every file, so made once.
_RECALLED = (
    sa.select(accounts, tokens)
    .join(accounts, accounts.c.id == tokens.c.user_id)
    .where(tokens.c.id == sa.bindparam("token_id"), accounts.c.disabled_at.is_(None))
)


def recall(conn: sa.Connection, token_id: int, mark: str) -> Caller | None:
    """Whose token this is, if it still is what it was when ``mark_of`` was asked."""
    row = conn.execute(_RECALLED, {"token_id": token_id}).mappings().one_or_none()
    if row is None or not mark or row[tokens.c.secret_sha256][:_MARK_CHARS] != mark:
        return None
    token = _to_token(row)
    if token.expires_at is not None and token.expires_at <= clock.now():
        return None
    return Caller(to_account(row), token)


def digest(secret: str) -> str:
    """As a secret is kept."""
    return sha256_hex(secret.encode("utf-8", "surrogatepass"))


def _touch(database: Database, token: Token) -> None:
    """Note the use, at most once a minute. No request waits or fails for the sake of the note."""
    moment = clock.now()
    is_fresh = token.last_used_at is not None and moment - token.last_used_at < _TOUCH_EVERY
    if is_fresh or database.is_writing:
        return
    try:
        with database.write() as conn:
            conn.execute(tokens.update().where(tokens.c.id == token.id).values(last_used_at=moment))
    except Unavailable as e:
        _log.info("a token's last use was not noted", token_id=token.id, reason=type(e).__name__)


def _to_token(row: sa.RowMapping) -> Token:
    role = row[tokens.c.role]
    return Token(
        id=row[tokens.c.id],
        name=row[tokens.c.name],
        role=role,
        created_at=row[tokens.c.created_at],
        expires_at=row[tokens.c.expires_at],
        last_used_at=row[tokens.c.last_used_at],
        scopes=scopes.from_json(row[tokens.c.scopes]) if role == FINE_GRAINED else None,
        grant_id=row[tokens.c.grant_id],
    )
