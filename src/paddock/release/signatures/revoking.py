"""What is to be revoked, from what a person names: a key, its fingerprint, or a release."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from paddock.digest import is_sha256, sha256_hex
from paddock.errors import BadInput, shown
from paddock.release.files.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, parse_manifest
from paddock.release.signatures.tuf.revocations import Revocation
from paddock.signing.keys import public_keys_in, read_key_file
from paddock.signing.public_keys import key_fingerprint

_REASON = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def revocation_of(
    what: str, reason: str, date: datetime.date, advisory: str | None = None
) -> Revocation:
    """The entry for revoked.json; raises BadInput, BadKey, BadManifest.

    ``what`` is a fingerprint, a PEM file with one public key, a release.json or a release's folder.
    """
    if not _REASON.fullmatch(reason):
        raise BadInput(f"{shown(reason)} is no reason", hint="one word, such as key_compromise")
    day = date.isoformat()
    if is_sha256(what):
        return Revocation("key", what, reason, day, advisory=advisory)
    path = Path(what)
    manifest_path = path / MANIFEST_NAME if path.is_dir() else path
    raw = read_key_file(manifest_path, MAX_MANIFEST_BYTES)
    if b"-----BEGIN" in raw[:64]:
        keys = public_keys_in(raw, what)
        if len(keys) != 1:
            raise BadInput(f"{what} holds {len(keys)} keys, not one")
        fingerprint = key_fingerprint(keys[0].public)
        return Revocation("key", fingerprint, reason, day, advisory=advisory)
    manifest = parse_manifest(raw)
    name, version = manifest.name, manifest.version
    return Revocation("release", sha256_hex(raw), reason, day, name, version, advisory)
