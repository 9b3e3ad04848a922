"""The token that a request carries, as OpenAI's clients send it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from paddock.errors import Unauthorized

MAX_TOKEN_CHARS: Final = 4096


def bearer_of(headers: Mapping[str, str]) -> str:
    """The token; raises Unauthorized where there is none."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(
            "this needs an API key", hint="send it as Authorization: Bearer, as clients do"
        )
    if len(token) > MAX_TOKEN_CHARS:
        raise wrong_key()
    return token


def digest_of(token: str) -> str:
    """What a token is kept as, in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def wrong_key() -> Unauthorized:
    """What to raise for a token that is nobody's."""
    return Unauthorized("this API key is not one that is known here")
