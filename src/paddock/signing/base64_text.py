"""Base64 in signed text: the same bytes have one spelling, so no character changes unnoticed."""

from __future__ import annotations

import base64
import binascii

from paddock.signing.errors import BadSignature


def decode_base64(text: object, what: str) -> bytes:
    """The bytes of canonical base64; raises BadSignature naming ``what`` it was to be."""
    try:
        decoded = base64.b64decode(text if isinstance(text, str) else "!", validate=True)
    except (binascii.Error, ValueError) as e:
        raise BadSignature(f"the {what} is not base64") from e
    if base64.b64encode(decoded).decode() != text:  # unused bits must be zero
        raise BadSignature(f"the {what} is not canonical base64")
    return decoded
