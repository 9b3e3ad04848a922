"""Commitments: a salted hash over everything that one item withholds.

Pure. The manifest names every withheld part with its type, shape and content digest; its root is
the SHA-256 of its canonical JSON (RFC 8785); the commitment is the SHA-256 of a 32-byte salt and
the root. It shows nothing until salt and manifest are revealed, and fits no other content then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import rfc8785

from paddock.release.withholding.secret import SALT_BYTES, Secret
from paddock.release.withholding.withheld import Part

MANIFEST_FORMAT = "paddock/withheld-manifest/v1"
ALGORITHM = "sha256-salted"


def part_row(part: Part) -> dict[str, Any]:
    """A part as the manifest has it."""
    row: dict[str, Any] = {
        "kind": part.kind,
        "name": part.name,
        "sha256": part.sha256,
        "size_bytes": part.size_bytes,
    }
    if part.dtype is not None:
        row["dtype"] = part.dtype
    if part.shape is not None:
        row["shape"] = list(part.shape)
    if part.rows is not None:
        row["rows"] = list(part.rows)
    return row


def manifest_of(parts: Iterable[Part]) -> dict[str, Any]:
    """What a commitment is made to, in one order."""
    ordered = sorted(parts, key=lambda part: (part.kind, part.name))
    return {"format": MANIFEST_FORMAT, "parts": [part_row(part) for part in ordered]}


def manifest_root(manifest: dict[str, Any]) -> bytes:
    """SHA-256 of the manifest's canonical JSON."""
    return hashlib.sha256(rfc8785.dumps(manifest)).digest()


def salt_for(secret: Secret, name: str, version: str, item_id: str) -> bytes:
    """The salt of one item of one release."""
    return secret.salt(rfc8785.dumps([name, version, item_id]))


def commitment(salt: bytes, root: bytes) -> str:
    """SHA-256 of salt and root, in hex."""
    if len(salt) != SALT_BYTES or len(root) != hashlib.sha256().digest_size:
        raise ValueError("a salt and a root have 32 bytes each")
    return hashlib.sha256(salt + root).hexdigest()


def commit(secret: Secret, name: str, version: str, item_id: str, parts: Sequence[Part]) -> str:
    """The commitment of one item of the release ``name`` ``version`` to its parts."""
    return commitment(salt_for(secret, name, version, item_id), manifest_root(manifest_of(parts)))
