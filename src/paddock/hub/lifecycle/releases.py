"""Which releases a repository's refs lead to, and which keys signed each of them.

Reads the signed files at the root of a revision. A key counts when its signature over the release
is right and release.json, which every signature is about, names it: whoever may write could sign
again with a key of their own. Whether anybody trusts a key is not the hub's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import sha256_hex
from paddock.errors import PaddockError
from paddock.hub.git import files, refs
from paddock.hub.types import FileEntry, Repository
from paddock.signing.dsse import IN_TOTO, parse_envelope, pre_authentication_encoding
from paddock.signing.envelope import is_signed_by, parse_bundle
from paddock.signing.errors import BadSignature
from paddock.signing.public_keys import PublicKey, is_valid
from paddock.storage.blobs import BlobStore

MANIFEST, BUNDLE, ENVELOPE = "release.json", "release.oms.json", "release.dsse.json"
MAX_RELEASE_BYTES = 64 << 20
MAX_REFS = 1000


@dataclass(frozen=True, slots=True)
class Released:
    """A release at a revision."""

    commit_oid: str
    manifest_oid: str
    release: str  # SHA-256 of release.json
    name: str
    version: str
    signers: frozenset[str]  # fingerprints, of the keys that were asked about


def releases_at_refs(
    conn: sa.Connection,
    blobs: BlobStore,
    repo: Repository,
    keys: Mapping[str, PublicKey],
    but: str,
) -> list[Released]:
    """The releases at the tips of all refs except ``but``; what is no release is left out."""
    commits = {ref.commit_oid for ref in refs.list_refs(conn, repo)[:MAX_REFS] if ref.name != but}
    found = [release_at(conn, blobs, repo, oid, keys) for oid in sorted(commits)]
    return [release for release in found if release is not None]


def release_at(
    conn: sa.Connection,
    blobs: BlobStore,
    repo: Repository,
    commit_oid: str,
    keys: Mapping[str, PublicKey],
) -> Released | None:
    """The release at a revision, with those of ``keys`` that signed it."""
    there = files.entries_at(conn, repo, commit_oid, (MANIFEST, BUNDLE, ENVELOPE))

    def read(name: str) -> bytes | None:
        entry = there.get(name)
        if not isinstance(entry, FileEntry) or entry.large is not None:
            return None
        return files.read_small_file(conn, blobs, repo, entry, MAX_RELEASE_BYTES)

    try:
        raw, bundle, envelope = read(MANIFEST), read(BUNDLE), read(ENVELOPE)
    except PaddockError:  # too large, or swept
        return None
    named = _named(raw) if raw is not None else None
    if raw is None or named is None:
        return None
    release = sha256_hex(raw)
    signers = _bundle_signers(bundle, release, keys) | _envelope_signers(envelope, release, keys)
    if (named_keys := _named_keys(raw)) is not None:
        signers &= named_keys
    return Released(commit_oid, there[MANIFEST].oid, release, *named, frozenset(signers))


def _named(raw: bytes) -> tuple[str, str] | None:
    try:
        document = parse_object(raw, MANIFEST, BadCheckpoint)
    except BadCheckpoint:
        return None
    name, version = document.get("name"), document.get("version")
    is_named = isinstance(name, str) and isinstance(version, str)
    return (str(name)[:200], str(version)[:200]) if is_named else None


def _named_keys(raw: bytes) -> set[str] | None:
    """The fingerprints that release.json names as signing it; None where it names none at all.

    Releases of older versions say nothing of who signs them.
    """
    section = parse_object(raw, MANIFEST, BadCheckpoint).get("signatures")
    if section is None:
        return None
    oms, dsse = (section.get(k) if isinstance(section, dict) else None for k in ("oms", "dsse"))
    items = [oms.get("key")] if isinstance(oms, dict) else []
    further = dsse.get("keys") if isinstance(dsse, dict) else None
    items += further if isinstance(further, list) else []
    return {str(item.get("fingerprint")) for item in items if isinstance(item, dict)}


def _bundle_signers(raw: bytes | None, release: str, keys: Mapping[str, PublicKey]) -> set[str]:
    """Keys whose OMS signature over this release.json is right."""
    if raw is None:
        return set()
    try:
        bundle = parse_bundle(raw)
    except BadSignature:
        return set()
    if release.encode() not in bundle.payload:  # the digest of the very file
        return set()
    return {keyid for keyid, key in keys.items() if is_signed_by(bundle, key)}


def _envelope_signers(raw: bytes | None, release: str, keys: Mapping[str, PublicKey]) -> set[str]:
    """Keys whose signature in the second envelope is right."""
    if raw is None:
        return set()
    try:
        sealed = parse_envelope(raw, IN_TOTO)
    except BadSignature:
        return set()
    if release.encode() not in sealed.payload:
        return set()
    message = pre_authentication_encoding(sealed.payload, IN_TOTO)
    return {
        keyid
        for keyid, signature in sealed.signatures.items()
        if keyid in keys and is_valid(keys[keyid], signature, message)
    }
