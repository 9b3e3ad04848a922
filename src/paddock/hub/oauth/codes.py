"""Authorization codes: what the consent page gives an application for a token (RFC 6749, 4.1).

Knows codes and PKCE. A code is good once, for a minute, for the application and the redirect
address that it was made for. One that comes a second time was stolen on its way: everything that
followed from the first time ends.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.hub.oauth import grants
from paddock.hub.oauth.apps import App, app_with_id
from paddock.hub.oauth.failures import InvalidGrant, OAuthRefusal
from paddock.hub.oauth.grants import Grant
from paddock.hub.oauth.tables import oauth_codes
from paddock.hub.people.tokens import digest, new_secret

CODE_LIFE = timedelta(minutes=1)
MAX_NONCE_CHARS = 512
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class NewCode:
    """What an application asked for, as the person saw it."""

    redirect_uri: str
    challenge: str | None
    nonce: str | None
    auth_time: datetime


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a good code stands for."""

    app: App
    grant: Grant
    nonce: str | None
    auth_time: datetime


def check_challenge(app: App, challenge: str | None, method: str | None) -> str | None:
    """The PKCE challenge of a request; raises OAuthRefusal. Public applications must bring one."""
    if challenge is None:
        if app.is_public:
            raise OAuthRefusal("a public application must send a code_challenge (PKCE)")
        return None
    if method != "S256":
        raise OAuthRefusal("code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise OAuthRefusal("code_challenge must be the base64url of a SHA-256")
    return challenge


def create_code(conn: sa.Connection, grant: Grant, wanted: NewCode) -> str:
    """A code for what was just granted."""
    code = new_secret("")
    conn.execute(
        oauth_codes.insert().values(
            code_sha256=digest(code),
            grant_id=grant.id,
            redirect_uri=wanted.redirect_uri,
            challenge=wanted.challenge,
            nonce=wanted.nonce,
            auth_time=wanted.auth_time,
            expires_at=clock.now() + CODE_LIFE,
        )
    )
    return code


def client_of_code(conn: sa.Connection, code: str) -> str:
    """The application that a code was made for: not all clients name themselves when they come."""
    row = _find(conn, code)
    return app_with_id(conn, grants.get_grant(conn, row["grant_id"]).app_id).client_id


def redeem(
    conn: sa.Connection, app: App, code: str, redirect_uri: str | None, verifier: str | None
) -> Redeemed | None:
    """What the code stands for, once; raises InvalidGrant. None: it was used before, and what it
    gave is gone, which the caller must commit.
    """
    row = _find(conn, code)
    grant = grants.get_grant(conn, row["grant_id"])
    if grant.app_id != app.id:
        raise InvalidGrant("the code was not made for this application")
    if row["used_at"] is not None:
        grants.revoke_grant(conn, grant.id)
        return None
    if row["expires_at"] <= clock.now():
        raise InvalidGrant("the code has expired: sign in again")
    if redirect_uri != row["redirect_uri"]:
        raise InvalidGrant("redirect_uri is not the one that the code was made for")
    _check_verifier(row["challenge"], verifier)
    used = oauth_codes.update().where(oauth_codes.c.code_sha256 == row["code_sha256"])
    conn.execute(used.values(used_at=clock.now()))
    return Redeemed(app, grant, row["nonce"], row["auth_time"])


def _find(conn: sa.Connection, code: str) -> sa.RowMapping:
    query = sa.select(oauth_codes).where(oauth_codes.c.code_sha256 == digest(code))
    row = conn.execute(query.with_for_update()).mappings().one_or_none()
    if row is None:
        raise InvalidGrant("there is no such code: it was never given, or long ago")
    return row


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    """PKCE both ways: a challenge needs its verifier, and a verifier needs a challenge."""
    if challenge is None:
        if verifier is not None:
            raise InvalidGrant("the code was asked for without PKCE")
        return
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("code_verifier is missing or malformed")
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    if not hmac.compare_digest(made.decode(), challenge):
        raise InvalidGrant("code_verifier does not fit the code_challenge")
