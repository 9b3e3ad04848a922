"""Digests of bytes, streamed: SHA-256 for everyone, BLAKE3 for speed.

Knows nothing of files' meaning. A digest is lower-case hex text everywhere in paddock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

import blake3

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class Digests(NamedTuple):
    """What identifies a sequence of bytes."""

    size_bytes: int
    sha256: str
    blake3: str


def is_sha256(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in our spelling."""
    return _SHA256_HEX.fullmatch(text) is not None


def sha256_hex(content: bytes) -> str:
    """SHA-256 of bytes already in memory."""
    return hashlib.sha256(content).hexdigest()


def digest_stream(chunks: Iterable[bytes]) -> Digests:
    """Both digests in one pass."""
    sha, blake, size_bytes = hashlib.sha256(), blake3.blake3(), 0
    for chunk in chunks:
        sha.update(chunk)
        blake.update(chunk)
        size_bytes += len(chunk)
    return Digests(size_bytes, sha.hexdigest(), blake.hexdigest())
