"""The end of the chain, signed every hour: whoever keeps one finds an end that was rewritten since.

The key is derived from the hub's own secret, and each checkpoint is told in the server's log, too:
whoever can write to the database could make others, but not those that were kept elsewhere.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any, NamedTuple

import rfc8785
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paddock import clock
from paddock.hub.audit_log.tables import audit_log_checkpoints, audit_log_head
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.signing import signing_key
from paddock.log import get_logger
from paddock.storage.database import Database
from paddock.storage.sql import insert_ignore

SIGN_HEAD = "audit_log.checkpoint"
_FORMAT = "paddock-audit-log-checkpoint-1"

log = get_logger("hub")

every(3600)(SIGN_HEAD)


class Signed(NamedTuple):
    """A checkpoint with its signature."""

    seq: int
    hash: str
    made_at: datetime
    signature: str

    def to_json(self) -> dict[str, Any]:
        return {**self._asdict(), "made_at": clock.to_text(self.made_at)}


@handler(SIGN_HEAD)
def sign_head(hub: Hub, _payload: dict[str, Any]) -> None:
    """Sign the end of the chain, unless it is signed."""
    key = _private_key(hub.database)
    head, made = audit_log_head.c, audit_log_checkpoints
    with hub.database.write() as conn:
        row = conn.execute(sa.select(head.seq, head.hash)).one_or_none()
        last = conn.scalar(sa.select(sa.func.max(made.c.seq))) or 0
        if row is None or row.seq <= last:
            return
        moment = clock.now().replace(microsecond=0)
        signature = key.sign(_text(row.seq, row.hash, moment)).hex()
        signed = Signed(row.seq, row.hash, moment, signature)
        insert_ignore(conn, made, [signed._asdict()])
    log.info("the audit log was signed", seq=signed.seq, hash=signed.hash, signature=signature)


def list_checkpoints(conn: sa.Connection) -> list[Signed]:
    """All of them, in order."""
    rows = conn.execute(sa.select(audit_log_checkpoints).order_by(audit_log_checkpoints.c.seq))
    return [Signed(**row) for row in rows.mappings()]


def last_checkpoint(conn: sa.Connection) -> Signed | None:
    """The latest of them."""
    query = sa.select(audit_log_checkpoints).order_by(audit_log_checkpoints.c.seq.desc()).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else Signed(**row)


def public_key(database: Database) -> str:
    """What checks the signatures, in hex."""
    return _private_key(database).public_key().public_bytes_raw().hex()


def is_signed(one: Signed, key: str) -> bool:
    """Whether this key's owner signed it."""
    try:
        known = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        known.verify(bytes.fromhex(one.signature), _text(one.seq, one.hash, one.made_at))
    except (ValueError, InvalidSignature):
        return False
    return True


def _private_key(database: Database) -> Ed25519PrivateKey:
    seed = hmac.digest(signing_key(database), b"checkpoints of the audit log", "sha256")
    return Ed25519PrivateKey.from_private_bytes(seed)


def _text(seq: int, hash_: str, moment: datetime) -> bytes:
    made_at = clock.to_text(moment)
    told: dict[str, Any] = {"format": _FORMAT, "seq": seq, "hash": hash_, "made_at": made_at}
    return rfc8785.dumps(told)
