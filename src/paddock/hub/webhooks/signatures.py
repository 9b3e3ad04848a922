"""Signatures of deliveries, as the Standard Webhooks specification has them.

Pure. What is signed is ``ID.TIMESTAMP.BODY``: a receiver that checks the time cannot be sent an old
delivery again. The key is made here, shown to the owner, and is never part of a delivery
(https://github.com/standard-webhooks/standard-webhooks).
"""

from __future__ import annotations

import base64
import hashlib
import hmac

KEY_BYTES = 32
_KEY_PREFIX = "whsec_"


def sign(key: bytes, delivery_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``; the timestamp is in seconds since 1970."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def key_text(key: bytes) -> str:
    """A key as its owner sees it, and as libraries for receivers take it."""
    return _KEY_PREFIX + base64.b64encode(key).decode()
