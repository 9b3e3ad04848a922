"""Passkeys (WebAuthn): keys in a person's devices, each for this hub's address alone.

The device asks its owner for a finger, a face or a PIN each time, so a passkey signs in by itself.
What was asked is kept for the browser that was asked (``visitor.secret``), for minutes and one
answer. A device whose count of uses does not grow was copied, or is played: it is refused. The
arithmetic is py_webauthn's.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from paddock import clock
from paddock.errors import BadInput, Conflict, NotFound, Unauthorized
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people.accounts import to_account
from paddock.hub.people.tables import passkey_challenges, passkeys
from paddock.hub.people.tokens import digest
from paddock.hub.tables import accounts
from paddock.hub.types import Account

MAX_PASSKEYS: Final = 20  # of one user
MAX_NAME_CHARS: Final = 100
MAX_ANSWER_CHARS: Final = 20_000
_LIFE: Final = timedelta(minutes=5)
_CHALLENGE_BYTES: Final = 32
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9_-]{1,1400}")  # 1023 bytes at most (WebAuthn, 4)
_REGISTER, _SIGN_IN = "register", "sign_in"
_c, _ch = passkeys.c, passkey_challenges.c


class BadPasskey(Unauthorized):
    """A browser's answer proves nothing: another passkey, another question, or too late."""

    code = "bad_passkey"

    def __init__(self) -> None:
        super().__init__("that passkey does not count here", hint="try again, or use the password")


class PasskeyCopied(Unauthorized):
    """A passkey was used that had been used since, elsewhere."""

    code = "passkey_copied"

    def __init__(self, user: Account) -> None:
        super().__init__(
            "this passkey seems to have been copied", hint="use another, or the password"
        )
        self.user = user


class NoPasskeysHere(BadInput):
    """Browsers keep passkeys for https addresses and localhost alone."""

    code = "no_passkeys_here"

    def __init__(self) -> None:
        super().__init__(
            "browsers keep no passkeys for this address",
            hint="open the hub under an https address, or as http://localhost",
        )


class PasskeyNotFound(NotFound):
    """The user has no such passkey."""

    code = "passkey_not_found"


class LastWayIn(Conflict):
    """Without this one, its user could sign in no more."""

    code = "last_way_in"


class Site(NamedTuple):
    """The address that passkeys are for."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """One, as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


def site_of(base_url: str) -> Site:
    """The hub's address as browsers see it; raises NoPasskeysHere."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    is_secure = parts.scheme == "https" or host == "localhost"
    if not host or not is_secure or _is_number(host):
        raise NoPasskeysHere
    return Site(host, f"{parts.scheme}://{parts.netloc.lower()}")


def begin_registration(
    conn: sa.Connection, user: Account, site: Site, browser: str
) -> dict[str, Any]:
    """What the browser is to ask a device for."""
    challenge = _ask(conn, browser, _REGISTER)
    known = conn.execute(sa.select(_c.credential_id).where(_c.user_id == user.id)).scalars()
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.rp_id,
        user_id=user.public_id.encode(),
        user_name=user.name,
        user_display_name=user.full_name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(k)) for k in known],
    )
    return _as_json(options_to_json(options))


def finish_registration(
    conn: sa.Connection, user: Account, site: Site, browser: str, answer: str, name: str
) -> None:
    """Keep the passkey that a device made; raises BadPasskey or BadInput."""
    called = _checked_name(name)
    try:
        made = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=_asked(conn, browser, _REGISTER),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as e:
        raise BadPasskey from e
    if len(passkeys_of(conn, user)) >= MAX_PASSKEYS:
        raise BadInput(f"{user.name} has {MAX_PASSKEYS} passkeys", hint="remove those not in use")
    row = {
        "user_id": user.id,
        "credential_id": bytes_to_base64url(made.credential_id),
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
        "name": called,
        "created_at": clock.now(),
    }
    try:
        with conn.begin_nested():
            conn.execute(passkeys.insert().values(row))
    except IntegrityError as e:
        raise BadPasskey from e
    note(conn, Act.ACCOUNT_PASSWORD, account=user, what="passkey")


def begin_sign_in(conn: sa.Connection, site: Site, browser: str) -> dict[str, Any]:
    """What the browser is to have signed, by any passkey that it has for this hub."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=_ask(conn, browser, _SIGN_IN),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _as_json(options_to_json(options))


def finish_sign_in(conn: sa.Connection, site: Site, browser: str, answer: str) -> Account:
    """Whose passkey signed; raises BadPasskey or PasskeyCopied."""
    given, challenge = _read(answer), _asked(conn, browser, _SIGN_IN)
    if not _CREDENTIAL.fullmatch(str(given.get("id"))):
        raise BadPasskey
    query = (
        sa.select(accounts, passkeys)
        .join(passkeys, _c.user_id == accounts.c.id)
        .where(_c.credential_id == str(given.get("id")))
        .with_for_update(of=passkeys)
    )
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise BadPasskey
    try:
        proven = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=row[_c.public_key],
            credential_current_sign_count=0,  # compared below, once the rest is proven
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as e:
        raise BadPasskey from e
    count, user = proven.new_sign_count, to_account(row)
    if max(count, row[_c.sign_count]) > 0 and count <= row[_c.sign_count]:
        raise PasskeyCopied(user)
    used = passkeys.update().where(_c.id == row[_c.id])
    conn.execute(used.values(sign_count=count, last_used_at=clock.now()))
    return user


def passkeys_of(conn: sa.Connection, user: Account) -> list[Passkey]:
    """A user's, the oldest first."""
    query = sa.select(_c.id, _c.name, _c.created_at, _c.last_used_at).where(_c.user_id == user.id)
    return [Passkey(*row) for row in conn.execute(query.order_by(_c.id))]


def rename_passkey(conn: sa.Connection, user: Account, passkey_id: int, name: str) -> None:
    """Call one otherwise; raises PasskeyNotFound or BadInput."""
    mine = sa.and_(_c.id == passkey_id, _c.user_id == user.id)
    if conn.execute(passkeys.update().where(mine).values(name=_checked_name(name))).rowcount == 0:
        raise PasskeyNotFound("you have no such passkey")
    note(conn, Act.ACCOUNT_PASSWORD, account=user, what="passkey renamed")


def remove_passkey(
    conn: sa.Connection, user: Account, passkey_id: int, *, has_password: bool
) -> None:
    """It opens nothing any more; raises PasskeyNotFound or LastWayIn."""
    there = [one.id for one in passkeys_of(conn, user)]
    if passkey_id not in there:
        raise PasskeyNotFound("you have no such passkey")
    if len(there) == 1 and not has_password:
        raise LastWayIn("this passkey is your only way in", hint="set a password first")
    conn.execute(passkeys.delete().where(_c.id == passkey_id))
    note(conn, Act.ACCOUNT_PASSWORD, account=user, what="no passkey")


def _ask(conn: sa.Connection, browser: str, purpose: str) -> bytes:
    """A new question to a browser, in place of the one before."""
    moment, key = clock.now(), digest(browser)
    mine = sa.and_(_ch.browser_sha256 == key, _ch.purpose == purpose)
    conn.execute(passkey_challenges.delete().where(mine | (_ch.expires_at <= moment)))
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    row = {"browser_sha256": key, "purpose": purpose, "challenge": challenge}
    conn.execute(passkey_challenges.insert().values(**row, expires_at=moment + _LIFE))
    return challenge


def _asked(conn: sa.Connection, browser: str, purpose: str) -> bytes:
    """What the browser was asked, for the one answer that counts; raises BadPasskey."""
    mine = sa.and_(_ch.browser_sha256 == digest(browser), _ch.purpose == purpose)
    gone = passkey_challenges.delete().where(mine, _ch.expires_at > clock.now())
    challenge = conn.execute(gone.returning(_ch.challenge)).scalar_one_or_none()
    if challenge is None:
        raise BadPasskey
    return bytes(challenge)


def _read(answer: str) -> dict[str, Any]:
    try:
        given = json.loads(answer) if len(answer) <= MAX_ANSWER_CHARS else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise BadPasskey
    return given


def _as_json(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    return read


def _checked_name(name: str) -> str:
    text = name.strip()
    if not text or len(text) > MAX_NAME_CHARS or not text.isprintable():
        raise BadInput("that cannot be the name of a passkey", hint="name the device it is in")
    return text


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
