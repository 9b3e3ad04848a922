"""Passwords at rest: scrypt, in a text that says how it was made.

Pure but for the random salt. The stored form is ``scrypt$n$r$p$salt$key`` with base64 salt and key,
so that the costs can be raised later without touching what is stored. Nothing here can give a
password back, and nothing logs one.
"""

from __future__ import annotations

import base64
import hmac
import os

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from paddock.errors import BadInput

MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_BYTES = 1024
# 32 MiB and about a tenth of a second for each try (RFC 7914; OWASP's choice for scrypt).
_N, _R, _P = 2**15, 8, 3
_SALT_BYTES, _KEY_BYTES = 16, 32


class BadPassword(BadInput):
    """A password that cannot be accepted as a new one."""

    code = "bad_password"


def hash_password(password: str) -> str:
    """What to store for a new password; raises BadPassword when it is too short or too long."""
    secret = password.encode()
    if len(password) < MIN_PASSWORD_CHARS or len(secret) > MAX_PASSWORD_BYTES:
        raise BadPassword(
            f"the password has {len(password)} characters",
            hint=f"use {MIN_PASSWORD_CHARS} characters or more, {MAX_PASSWORD_BYTES} bytes at most",
        )
    salt = os.urandom(_SALT_BYTES)
    key = Scrypt(salt=salt, length=_KEY_BYTES, n=_N, r=_R, p=_P).derive(secret)
    return f"scrypt${_N}${_R}${_P}${_to_text(salt)}${_to_text(key)}"


def verify_password(password: str, stored: str | None) -> bool:
    """Whether this is the password. The work is the same for an account that has none."""
    secret = password.encode()[: MAX_PASSWORD_BYTES + 1]
    scheme, n, r, p, salt, key = (stored or _nobody()).split("$")
    if not hmac.compare_digest(scheme, "scrypt"):
        return False
    wanted = base64.b64decode(key)
    kdf = Scrypt(salt=base64.b64decode(salt), length=len(wanted), n=int(n), r=int(r), p=int(p))
    try:
        kdf.verify(secret, wanted)
    except InvalidKey:
        return False
    return stored is not None


def _nobody() -> str:
    return f"scrypt${_N}${_R}${_P}${_to_text(bytes(_SALT_BYTES))}${_to_text(bytes(_KEY_BYTES))}"


def _to_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
