"""ID tokens of CI services: whether one is genuine, by the keys that its issuer publishes.

Asks only issuers that the settings name, so that nobody makes the server fetch an address of
theirs. Keys are kept for some minutes; a key that is not among them makes the set be fetched anew,
at most once a minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx2
import jwt

from paddock.errors import Unavailable
from paddock.hub.oauth.failures import InvalidGrant

ALGORITHMS = ["RS256", "ES256"]
MAX_TOKEN_CHARS = 16_384
MAX_ANSWER_BYTES = 262_144
_KEPT_SECONDS = 600.0
_ASKED_AGAIN_SECONDS = 60.0
_TIMEOUT_SECONDS = 10.0
_LEEWAY_SECONDS = 30


class IssuerUnavailable(Unavailable):
    """A CI service's keys could not be fetched."""

    code = "issuer_unavailable"


class Issuers:
    """The CI services that are trusted to say which job asks."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self.trusted = frozenset(issuer.rstrip("/") for issuer in trusted)
        self._keys: dict[str, tuple[float, jwt.PyJWKSet]] = {}
        self._lock = threading.Lock()

    def verify(self, token: str, audience: str) -> dict[str, Any]:
        """What a genuine token says; raises InvalidGrant or IssuerUnavailable."""
        if len(token) > MAX_TOKEN_CHARS:
            raise InvalidGrant("the ID token is too long")
        try:
            unproven = jwt.decode(token, options={"verify_signature": False})
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as e:
            raise InvalidGrant("the subject_token is not an ID token") from e
        issuer = unproven.get("iss")
        if not isinstance(issuer, str) or issuer.rstrip("/") not in self.trusted:
            raise InvalidGrant("this hub does not trust the token's issuer")
        try:
            return jwt.decode(
                token,
                self._key(issuer.rstrip("/"), key_id),
                algorithms=ALGORITHMS,
                audience=audience,
                issuer=issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as e:
            raise InvalidGrant(f"the ID token is not valid: {e}") from e

    def _key(self, issuer: str, key_id: str | None) -> jwt.PyJWK:
        with self._lock:
            fetched_at, keys = self._keys.get(issuer, (-_KEPT_SECONDS, None))
            found = _find(keys, key_id)
            age = time.monotonic() - fetched_at
            if keys is None or age > (_KEPT_SECONDS if found else _ASKED_AGAIN_SECONDS):
                keys = _fetch_keys(issuer)
                self._keys[issuer] = (time.monotonic(), keys)
                found = _find(keys, key_id)
        if found is None:
            raise InvalidGrant("the issuer has no key with which this ID token is signed")
        return found


def _find(keys: jwt.PyJWKSet | None, key_id: str | None) -> jwt.PyJWK | None:
    return next((key for key in keys.keys if key.key_id == key_id), None) if keys else None


def _fetch_keys(issuer: str) -> jwt.PyJWKSet:
    try:
        with httpx2.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client:
            metadata = _fetch(client, f"{issuer}/.well-known/openid-configuration")
            return jwt.PyJWKSet.from_dict(_fetch(client, str(metadata.get("jwks_uri"))))
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, jwt.PyJWTError) as e:
        raise IssuerUnavailable(f"the keys of {issuer} could not be fetched") from e


def _fetch(client: httpx2.Client, url: str) -> dict[str, Any]:
    content = bytearray()
    with client.stream("GET", url) as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > MAX_ANSWER_BYTES:
                raise ValueError("the answer is too long")
    found = httpx2.Response(200, content=bytes(content)).json()
    if not isinstance(found, dict):
        raise ValueError("the answer is not a JSON object")
    return found
