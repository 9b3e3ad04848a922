"""Secrets and variables of a space, for whoever runs it elsewhere.

Knows both. A variable is public; a secret's value goes in and never comes out over HTTP. It is kept
encrypted with a key of the server's, bound to its space and name, so that a row that is copied to
another place is worth nothing; the key lies in the same database, beside the other keys of the
server, so a copy of the whole database is a copy of the secrets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.spaces.tables import space_settings
from paddock.hub.tables import server_secrets
from paddock.hub.types import Repository
from paddock.storage.sql import insert_ignore

SECRET, VARIABLE = "secret", "variable"
MAX_VALUE_BYTES = 65_536
MAX_DESCRIPTION_CHARS = 500
MAX_SETTINGS = 500  # of one space and kind
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
_KEY_NAME = "space-secrets"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Setting:
    """One of a space's secrets or variables; ``value`` is None for a secret."""

    key: str
    value: str | None
    description: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewSetting:
    """What is asked for."""

    key: str
    value: str
    description: str | None = None


def settings_of(conn: sa.Connection, repo: Repository, kind: str) -> list[Setting]:
    """All of one kind, by name; the values of secrets are left out."""
    c = space_settings.c
    query = sa.select(space_settings).where(c.repo_id == repo.id, c.kind == kind).order_by(c.key)
    return [
        Setting(
            row["key"],
            None if kind == SECRET else bytes(row["value"]).decode(),
            row["description"],
            row["updated_at"],
        )
        for row in conn.execute(query).mappings()
    ]


def put(conn: sa.Connection, repo: Repository, kind: str, wanted: NewSetting) -> None:
    """Set one, new or not; raises BadInput. A name is a variable or a secret, not both."""
    value = wanted.value.encode("utf-8", "surrogatepass")
    if not _KEY.fullmatch(wanted.key):
        hint = "use letters, digits and '_', not beginning with a digit"
        raise BadInput(f"{shown(wanted.key)} cannot be the name of a {kind}", hint=hint)
    if len(value) > MAX_VALUE_BYTES or "\0" in wanted.value or not _is_text(wanted.value):
        raise BadInput(f"the value of {wanted.key} is not text of {MAX_VALUE_BYTES} bytes at most")
    if wanted.description is not None and (
        len(wanted.description) > MAX_DESCRIPTION_CHARS or "\0" in wanted.description
    ):
        raise BadInput(f"a description has at most {MAX_DESCRIPTION_CHARS} characters")
    c = space_settings.c
    count = sa.select(sa.func.count()).where(c.repo_id == repo.id, c.kind == kind)
    if (conn.scalar(count) or 0) >= MAX_SETTINGS:
        raise BadInput(f"a space has at most {MAX_SETTINGS} of them")
    remove(conn, repo, VARIABLE, wanted.key)
    remove(conn, repo, SECRET, wanted.key)
    kept = _encrypt(conn, repo.id, wanted.key, value) if kind == SECRET else value
    conn.execute(
        space_settings.insert().values(
            repo_id=repo.id,
            kind=kind,
            key=wanted.key,
            value=kept,
            description=wanted.description or None,
            updated_at=clock.now(),
        )
    )
    note(conn, Act.REPO_SECRETS, repo=repo, kind=kind, key=wanted.key)


def put_all(conn: sa.Connection, repo: Repository, kind: str, many: Sequence[NewSetting]) -> None:
    """Set several at once, as when a space is made."""
    for wanted in many:
        put(conn, repo, kind, wanted)


def remove(conn: sa.Connection, repo: Repository, kind: str, key: str) -> None:
    """Forget one; nothing happens when there is none."""
    c = space_settings.c
    gone = space_settings.delete()
    conn.execute(gone.where(c.repo_id == repo.id, c.kind == kind, c.key == key[:256]))
    note(conn, Act.REPO_SECRETS, repo=repo, kind=kind, key=key, what="remove")


def reveal_secret(conn: sa.Connection, repo: Repository, key: str) -> str | None:
    """A secret's value, for what runs the space on this machine. No route leads here."""
    c = space_settings.c
    query = sa.select(c.value).where(c.repo_id == repo.id, c.kind == SECRET, c.key == key)
    kept = conn.scalar(query)
    if kept is None:
        return None
    nonce, sealed = bytes(kept)[:_NONCE_BYTES], bytes(kept)[_NONCE_BYTES:]
    try:
        return AESGCM(_server_key(conn)).decrypt(nonce, sealed, _place(repo.id, key)).decode()
    except InvalidTag:
        return None  # the row was made for another place, or with another key


def _encrypt(conn: sa.Connection, repo_id: int, key: str, value: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_server_key(conn)).encrypt(nonce, value, _place(repo_id, key))


def _place(repo_id: int, key: str) -> bytes:
    return f"{repo_id}\0{key}".encode()


def _server_key(conn: sa.Connection) -> bytes:
    c = server_secrets.c
    query = sa.select(c.value).where(c.name == _KEY_NAME)
    found = conn.scalar(query)
    if found is None:
        new = {"name": _KEY_NAME, "value": AESGCM.generate_key(bit_length=256)}
        insert_ignore(conn, server_secrets, [new])
        found = conn.scalar(query)
    return bytes(found or b"")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
