"""Passwords at rest: argon2id, in a text that says how it was made.

Pure but for the random salt. The stored form is argon2's own, ``$argon2id$v=19$m=…$salt$key``, so
that the costs can be raised later without touching what is stored. What an earlier paddock stored,
``scrypt$n$r$p$salt$key``, is still verified, and is stored anew when its owner signs in
(``is_outdated``). Nothing here can give a password back, and nothing logs one.

Each try takes memory, so few are made at once, and few wait: who comes then is sent away.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from paddock.errors import BadInput, Unavailable

MIN_PASSWORD_CHARS: Final = 8
MAX_PASSWORD_BYTES: Final = 1024
AT_ONCE: Final = 4
MAX_WAITING: Final = 16  # threads of the server that may stand here; there are forty
_SALT_BYTES, _KEY_BYTES = 16, 32


class Cost(NamedTuple):
    """What a try takes."""

    memory_kib: int
    passes: int
    lanes: int


# 46 MiB and less than a tenth of a second (RFC 9106; OWASP's first choice for argon2id).
COST = Cost(47_104, 1, 1)
_at_once = threading.BoundedSemaphore(AT_ONCE)
_places = threading.BoundedSemaphore(AT_ONCE + MAX_WAITING)


class BadPassword(BadInput):
    """A password that cannot be accepted as a new one."""

    code = "bad_password"


class TooManySignIns(Unavailable):
    """More passwords are tried at this moment than the server has memory for."""

    code = "too_many_sign_ins"

    def __init__(self) -> None:
        super().__init__("too many people sign in at this moment", hint="try again in a minute")


def hash_password(password: str) -> str:
    """What to store for a new password; raises BadPassword when it is too short or too long."""
    secret = password.encode()
    if len(password) < MIN_PASSWORD_CHARS or len(secret) > MAX_PASSWORD_BYTES:
        raise BadPassword(
            f"the password has {len(password)} characters",
            hint=f"use {MIN_PASSWORD_CHARS} characters or more, {MAX_PASSWORD_BYTES} bytes at most",
        )
    with _turn():
        return _argon2id(os.urandom(_SALT_BYTES)).derive_phc_encoded(secret)


def verify_password(password: str, stored: str | None) -> bool:
    """Whether this is the password. The work is the same for an account that has none."""
    secret = password.encode()[: MAX_PASSWORD_BYTES + 1]
    with _turn():
        if stored is None:
            _argon2id(bytes(_SALT_BYTES)).derive(secret)
            return False
        try:
            if stored.startswith("$argon2id$"):
                Argon2id.verify_phc_encoded(secret, stored)
            elif stored.startswith("scrypt$"):
                _verify_scrypt(secret, stored)
            else:
                return False
        except InvalidKey:
            return False
    return True


def is_outdated(stored: str) -> bool:
    """Whether it is stored in another way than a new one would be."""
    return not stored.startswith(
        f"$argon2id$v=19$m={COST.memory_kib},t={COST.passes},p={COST.lanes}$"
    )


@contextmanager
def _turn() -> Iterator[None]:
    """Few at once; raises TooManySignIns where many wait already."""
    if not _places.acquire(blocking=False):
        raise TooManySignIns
    try:
        with _at_once:
            yield
    finally:
        _places.release()


def _argon2id(salt: bytes) -> Argon2id:
    return Argon2id(
        salt=salt,
        length=_KEY_BYTES,
        iterations=COST.passes,
        lanes=COST.lanes,
        memory_cost=COST.memory_kib,
    )


def _verify_scrypt(secret: bytes, stored: str) -> None:
    """Raise InvalidKey unless it is the one that was stored."""
    _, n, r, p, salt, key = stored.split("$")
    wanted = base64.b64decode(key)
    kdf = Scrypt(salt=base64.b64decode(salt), length=len(wanted), n=int(n), r=int(r), p=int(p))
    kdf.verify(secret, wanted)
