"""Access tokens: made once, shown once, kept as SHA-256 only.

Knows secrets and roles; what a role allows is ``access``'s business. A token is 37 random letters
and digits after ``hf_``, over 200 bits, so a plain fast hash is enough to keep it: there is nothing
to guess. Every wrong secret costs one hash and one look-up, whatever is wrong with it.
"""

from __future__ import annotations

import hmac
import secrets
import string
from datetime import datetime, timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.digest import sha256_hex
from paddock.errors import BadInput, Unauthorized, Unavailable, shown
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import accounts, tokens
from paddock.hub.types import Account, Caller, Token
from paddock.log import get_logger
from paddock.storage.database import Database

ROLES = ("read", "write", "admin")
TOKEN_PREFIX = "hf_"  # noqa: S105  # what secret scanners look for, no secret itself
RANDOM_CHARS = 37  # after the prefix
MAX_NAME_CHARS = 100
_ALPHABET = string.ascii_letters + string.digits
_TOUCH_EVERY = timedelta(minutes=1)
# The stock client tells "wrong token" from "no such repository" by exactly this sentence.
WRONG_CREDENTIALS = "Invalid credentials in Authorization header"

_log = get_logger(__name__)


def create_token(conn: sa.Connection, account: Account, name: str, role: str) -> str:
    """A new token's secret, which nobody can read again."""
    if role not in ROLES:
        raise BadInput(f"no token role is named {shown(role)}", hint=f"use one of {ROLES}")
    if account.kind != "user":
        raise BadInput(f"{account.name} is an organization: only users have tokens")
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise BadInput(f"{shown(name)} cannot be the name of a token")
    secret = TOKEN_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARS))
    conn.execute(
        tokens.insert().values(
            user_id=account.id,
            name=name,
            role=role,
            secret_sha256=_digest(secret),
            created_at=clock.now(),
        )
    )
    return secret


def authenticate(database: Database, secret: str) -> Caller:
    """Whose token this is; raises Unauthorized for anything that is not a token."""
    digest = _digest(secret)
    query = (
        sa.select(accounts, tokens)
        .join(accounts, accounts.c.id == tokens.c.user_id)
        .where(tokens.c.secret_sha256 == digest)
    )
    with database.read() as conn:
        row = conn.execute(query).mappings().one_or_none()
    if row is None or not hmac.compare_digest(row[tokens.c.secret_sha256], digest):
        raise Unauthorized(WRONG_CREDENTIALS, hint="check the token, or make a new one")
    token = _to_token(row)
    _touch(database, token, row[tokens.c.last_used_at])
    return Caller(to_account(row), token)


def _touch(database: Database, token: Token, last_used_at: datetime | None) -> None:
    """Note the use, at most once a minute. No request waits or fails for the sake of the note."""
    moment = clock.now()
    is_fresh = last_used_at is not None and moment - last_used_at < _TOUCH_EVERY
    if is_fresh or database.is_writing:
        return
    try:
        with database.write() as conn:
            conn.execute(tokens.update().where(tokens.c.id == token.id).values(last_used_at=moment))
    except Unavailable as e:
        _log.info("a token's last use was not noted", token_id=token.id, reason=type(e).__name__)


def _to_token(row: sa.RowMapping) -> Token:
    return Token(
        id=row[tokens.c.id],
        name=row[tokens.c.name],
        role=row[tokens.c.role],
        created_at=row[tokens.c.created_at],
    )


def _digest(secret: str) -> str:
    return sha256_hex(secret.encode("utf-8", "surrogatepass"))
