"""Devices that wait while their user approves them in a browser (RFC 8628).

Knows the two codes: a long one that the device keeps and asks with, and a short one that a person
types. The short one is worth something only to somebody who is signed in and says yes, so it needs
no more than eight letters and a bound on guessing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import NotFound
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.oauth import grants
from paddock.hub.oauth.apps import App, app_with_id
from paddock.hub.oauth.failures import (
    AccessDenied,
    AuthorizationPending,
    ExpiredDeviceCode,
    InvalidGrant,
    SlowDown,
)
from paddock.hub.oauth.grants import Grant
from paddock.hub.oauth.tables import oauth_devices
from paddock.hub.people.tokens import digest, new_secret
from paddock.hub.types import Account

CODE_LIFE = timedelta(minutes=15)
INTERVAL_SECONDS = 5
_SLOWER_BY_SECONDS = 5
_MAX_INTERVAL_SECONDS = 60
# No vowels, so no words; no letters that are read as others.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LETTERS = 8
MAX_WAITING = 10_000


class UnknownDeviceCode(NotFound):
    """No device waits with this short code."""

    code = "unknown_device_code"


class Started(NamedTuple):
    """What a device is told."""

    device_code: str
    user_code: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits for a person."""

    user_code: str
    app: App
    scope: tuple[str, ...]


def start(conn: sa.Connection, app: App, scope: Sequence[str]) -> Started:
    """Let a device wait."""
    c = oauth_devices.c
    conn.execute(oauth_devices.delete().where(c.expires_at < clock.now() - CODE_LIFE))
    if (conn.scalar(sa.select(sa.func.count()).select_from(oauth_devices)) or 0) >= MAX_WAITING:
        raise SlowDown("too many devices wait at this moment: try again in a few minutes")
    device_code = new_secret("")
    user_code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))
    conn.execute(
        oauth_devices.insert().values(
            device_sha256=digest(device_code),
            user_code=user_code,
            app_id=app.id,
            scope=" ".join(scope),
            status="waiting",
            interval_seconds=INTERVAL_SECONDS,
            expires_at=clock.now() + CODE_LIFE,
        )
    )
    return Started(device_code, show_code(user_code))


def show_code(user_code: str) -> str:
    """In two halves, as people read and type it."""
    return f"{user_code[:4]}-{user_code[4:]}"


def find_waiting(conn: sa.Connection, typed: str) -> Waiting:
    """The device that a person means, however they typed its code; raises UnknownDeviceCode."""
    code = "".join(letter for letter in typed.upper()[:40] if letter in _LETTERS)
    c = oauth_devices.c
    query = sa.select(oauth_devices).where(
        c.user_code == code, c.status == "waiting", c.expires_at > clock.now()
    )
    row = conn.execute(query.with_for_update()).mappings().one_or_none()
    if row is None:
        raise UnknownDeviceCode(
            "no device waits with this code", hint="look at the code again, or start anew there"
        )
    return Waiting(code, app_with_id(conn, row["app_id"]), tuple(row["scope"].split()))


def approve(conn: sa.Connection, waiting: Waiting, user: Account, org_ids: Sequence[int]) -> None:
    """The person said yes."""
    grant = grants.create_grant(conn, waiting.app, user, waiting.scope, org_ids)
    _decide(conn, waiting, status="approved", grant_id=grant.id)


def deny(conn: sa.Connection, waiting: Waiting) -> None:
    """The person said no."""
    _decide(conn, waiting, status="denied", grant_id=None)
    note(conn, Act.APPLICATION_ALLOW, what="refused")


def poll(
    conn: sa.Connection, app: App, device_code: str
) -> Grant | SlowDown | AuthorizationPending:
    """What was granted to the device, once; raises InvalidGrant, ExpiredDeviceCode, AccessDenied.

    That it must wait is answered and not raised, so that the caller commits when it asked.
    """
    c = oauth_devices.c
    query = sa.select(oauth_devices).where(c.device_sha256 == digest(device_code))
    row = conn.execute(query.with_for_update()).mappings().one_or_none()
    if row is None or row["app_id"] != app.id:
        raise InvalidGrant("there is no such device code")
    moment = clock.now()
    mine = c.device_sha256 == row["device_sha256"]
    if row["expires_at"] <= moment:
        raise ExpiredDeviceCode("nobody approved the device in time: start anew")
    if row["status"] == "denied":
        raise AccessDenied("the person denied the device access")
    if row["status"] == "approved":
        conn.execute(oauth_devices.delete().where(mine))
        return grants.get_grant(conn, row["grant_id"])
    interval = row["interval_seconds"]
    too_soon = row["polled_at"] is not None and (
        moment - row["polled_at"] < timedelta(seconds=interval - 1)  # clocks and networks jitter
    )
    if too_soon:
        interval = min(interval + _SLOWER_BY_SECONDS, _MAX_INTERVAL_SECONDS)
    note = oauth_devices.update().where(mine)
    conn.execute(note.values(polled_at=moment, interval_seconds=interval))
    if too_soon:
        return SlowDown(f"ask every {interval} seconds")
    return AuthorizationPending("nobody has approved the device yet")


def _decide(conn: sa.Connection, waiting: Waiting, *, status: str, grant_id: int | None) -> None:
    change = oauth_devices.update().where(oauth_devices.c.user_code == waiting.user_code)
    conn.execute(change.values(status=status, grant_id=grant_id))
