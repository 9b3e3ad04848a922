"""JSON that was signed, or is to be: one form of bytes for it, and one reading.

Knows objects and their members, not what they mean. Whatever is odd raises BadSignature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.signing.errors import BadSignature

MAX_SIGNED_BYTES = 64 << 20  # 100,000 files at about 300 bytes each, in base64, with room


def object_in(raw: bytes, what: str) -> dict[str, Any]:
    """The JSON object in ``raw``, read strictly and bounded."""
    if len(raw) > MAX_SIGNED_BYTES:
        raise BadSignature(f"{what} is larger than {MAX_SIGNED_BYTES} bytes")
    try:
        return parse_object(raw, what, BadCheckpoint)
    except BadCheckpoint as e:
        raise BadSignature(e.message) from e


def member(container: Mapping[str, Any], key: str, kind: type) -> Any:
    """A member that must be there, and of this type."""
    value = container.get(key)
    if not isinstance(value, kind):
        raise BadSignature(f"{key!r} is missing or of the wrong type")
    return value


def short(value: object) -> str:
    """A value as a message may show it."""
    return repr(value)[:120]


def render(value: dict[str, Any]) -> bytes:
    """The bytes of an object: the same for the same object."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
