"""Addresses of mail that people may give for themselves.

Stricter than the standards: an address is put into the head of a letter, shown to others
and handed to programs that send mail. So it is plain ASCII without spaces, quotes, commas, percent
signs or line ends, and does not begin like an option. Whether somebody reads it is ``proving``'s.
"""

from __future__ import annotations

import re

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.tables import accounts
from paddock.hub.types import Account

MAX_EMAIL_CHARS = 254  # RFC 5321, 4.5.3.1
_MAX_LOCAL_CHARS = 64
_LOCAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+~=-]*(?:\.[A-Za-z0-9_+~=-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_TOP = re.compile(r"[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59}", re.IGNORECASE)


class BadEmail(BadInput):
    """An address that mail is not sent to from here."""

    code = "bad_email"


def check_email(text: str) -> str:
    """The address as it is kept, its domain in lower case; raises BadEmail."""
    local, at, domain = text.partition("@")
    labels = domain.split(".")
    is_one = (
        len(text) <= MAX_EMAIL_CHARS
        and bool(at)
        and len(local) <= _MAX_LOCAL_CHARS
        and _LOCAL.fullmatch(local) is not None
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) for label in labels)
        and _TOP.fullmatch(labels[-1]) is not None
    )
    if not is_one:
        raise BadEmail(
            f"{shown(text)} is not an e-mail address that can be kept",
            hint="write it as name@example.org: letters, digits and . _ + ~ = - before the @",
        )
    return f"{local}@{domain.lower()}"


def email_key(address: str) -> str:
    """The form under which an address is looked up."""
    return address.lower()


def set_email(conn: sa.Connection, user: Account, text: str | None, *, is_proven: bool) -> None:
    """Keep another address of the user's, or none; raises BadEmail."""
    email = None if text is None else check_email(text)
    values = {
        "email": email,
        "email_key": None if email is None else email_key(email),
        "email_verified_at": clock.now() if email is not None and is_proven else None,
    }
    conn.execute(accounts.update().where(accounts.c.id == user.id).values(values))
    note(conn, Act.ACCOUNT_SETTINGS, account=user, what="email")
