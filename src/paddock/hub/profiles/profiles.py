"""What accounts say of themselves: some words, a website, a name on GitHub."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.profiles.tables import profiles
from paddock.hub.tables import accounts
from paddock.hub.texts import check_line, check_lines
from paddock.hub.types import Account

MAX_DETAILS_CHARS = 1000
MAX_WEBSITE_CHARS = 300
MAX_FULL_NAME_CHARS = 200
_GITHUB_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Profile:
    """An account's words; None where it says nothing."""

    details: str | None = None
    website: str | None = None
    github: str | None = None


def profile_of(conn: sa.Connection, account: Account) -> Profile:
    """What an account says of itself."""
    row = conn.execute(sa.select(profiles).where(profiles.c.account_id == account.id)).first()
    return Profile(row.details, row.website, row.github) if row else Profile()


def change_profile(conn: sa.Connection, account: Account, wanted: dict[str, str | None]) -> Profile:
    """Apply what is named, of ``fullname`` and a profile's fields; None or "" empties one.

    Raises BadInput.
    """
    row = sa.select(accounts.c.id).where(accounts.c.id == account.id)
    conn.execute(row.with_for_update(key_share=True))
    if "fullname" in wanted:
        name = check_line("the full name", wanted["fullname"] or "", MAX_FULL_NAME_CHARS)
        named = accounts.update().where(accounts.c.id == account.id)
        conn.execute(named.values(full_name=name or account.name))
    old = profile_of(conn, account)
    values = {field.name: getattr(old, field.name) for field in fields(Profile)}
    for name, check in _CHECKS.items():
        if name in wanted:
            values[name] = check(wanted[name] or "") or None
    conn.execute(profiles.delete().where(profiles.c.account_id == account.id))
    conn.execute(profiles.insert().values(account_id=account.id, **values))
    note(conn, Act.ACCOUNT_PROFILE, account=account, what=sorted(wanted))
    return Profile(**values)


def _details(text: str) -> str:
    return check_lines("the details", text, MAX_DETAILS_CHARS)


def _website(text: str) -> str:
    text = check_line("the website", text, MAX_WEBSITE_CHARS)
    if not text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in text:
        raise BadInput(f"{shown(text)} is not the address of a website", hint="use https://…")
    return text


def _github(text: str) -> str:
    text = check_line("the name on GitHub", text, MAX_WEBSITE_CHARS)
    if text and not _GITHUB_NAME.fullmatch(text):
        raise BadInput(f"{shown(text)} is not a name on GitHub")
    return text


_CHECKS = {"details": _details, "website": _website, "github": _github}
