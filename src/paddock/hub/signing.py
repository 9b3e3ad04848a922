"""Short-lived authority that travels with a client: signed text that nobody else can make.

Knows HMAC-SHA256 and time; does not know what is granted. A signed text carries its own fields and
its end, and is bound to one purpose: a text made for one purpose is worthless for another. The key
is made on first use and kept with the rows, so that every server of one database accepts it.

    body . signature        body = base64url(JSON [end, fields])
                            signature = base64url(HMAC-SHA256(key, purpose NUL body))
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import orjson
import sqlalchemy as sa

from paddock.errors import Forbidden
from paddock.hub import tables
from paddock.storage.database import Database
from paddock.storage.sql import insert_ignore

_KEY_NAME = "signing"
_KEY_BYTES = 32
# No honest text of ours is longer; a longer one is refused before it is hashed.
_MAX_CHARS = 8192

_known: WeakKeyDictionary[Database, bytes] = WeakKeyDictionary()


class BadSignature(Forbidden):
    """The signed text was not made by this server, or was made for something else."""

    code = "bad_signed_token"
    expired: ClassVar[bool] = False


class SignatureExpired(BadSignature):
    """It was good once."""

    code = "signature_expired"
    expired = True


def signing_key(database: Database) -> bytes:
    """The key of this database's servers, made if this is the first use of it.

    It never changes, so each process looks for it once.
    """
    if (known := _known.get(database)) is not None:
        return known
    key = _known[database] = _find_or_make_key(database)
    return key


def _find_or_make_key(database: Database) -> bytes:
    with database.read() as conn:
        key = _find_key(conn)
    if key is not None:
        return key
    with database.write() as conn:
        row = {"name": _KEY_NAME, "value": secrets.token_bytes(_KEY_BYTES)}
        insert_ignore(conn, tables.server_secrets, [row])
        key = _find_key(conn)
    assert key is not None  # noqa: S101  (inserted above, by us or by another server)
    return key


def public_id(key: bytes, of: str) -> str:
    """16 digits that tell ``of`` at this database's servers from all else; the key stays secret."""
    return hmac.digest(key, f"public id of {of}".encode(), "sha256")[:8].hex()


def sign(key: bytes, purpose: str, fields: Mapping[str, Any], expires_at: datetime) -> str:
    """Text that ``check`` turns back into ``fields`` until ``expires_at``; safe inside a URL."""
    body = _encode(orjson.dumps([int(expires_at.timestamp()), dict(fields)]))
    return f"{body}.{_mac(key, purpose, body)}"


def check(key: bytes, purpose: str, text: str, now: datetime) -> dict[str, Any]:
    """The fields that were signed for ``purpose``; raises BadSignature or SignatureExpired."""
    body, _, signature = text.partition(".")
    if len(text) > _MAX_CHARS or not text.isascii():
        raise BadSignature("the signature is not one of this server's")
    if not hmac.compare_digest(_mac(key, purpose, body), signature):
        raise BadSignature("the signature is not one of this server's")
    end, fields = orjson.loads(_decode(body))
    if now.timestamp() >= end:
        raise SignatureExpired("the signature has expired", hint="ask for a new address")
    return dict(fields)


def _find_key(conn: sa.Connection) -> bytes | None:
    secrets_ = tables.server_secrets
    found = conn.execute(sa.select(secrets_.c.value).where(secrets_.c.name == _KEY_NAME)).scalar()
    return None if found is None else bytes(found)


def _mac(key: bytes, purpose: str, body: str) -> str:
    return _encode(hmac.digest(key, f"{purpose}\0{body}".encode(), hashlib.sha256))


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as e:  # unreachable behind a good signature
        raise BadSignature("the signed text cannot be read") from e
