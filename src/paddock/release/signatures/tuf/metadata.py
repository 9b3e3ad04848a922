"""The four roles of TUF as values: made, signed, and rendered to bytes.

Pure but for signing; knows python-tuf's model and not where files are. Bytes are compact JSON with
sorted keys; snapshot and targets are bound by length and SHA-256, so only root and timestamp are
held by signatures alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import (
    Key,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from paddock.digest import sha256_hex
from paddock.signing import sslib  # quietens what python-tuf imports
from paddock.signing.errors import BadKey

ROLES = ("root", "targets", "snapshot", "timestamp")
REVOKED_TARGET = "revoked.json"
_COMPACT = JSONSerializer(compact=True)

AnyMetadata = Metadata[Any]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """For how many days metadata counts."""

    root: int = 365
    targets: int = 90
    snapshot: int = 30
    timestamp: int = 7

    def expiry(self, role: str, now: datetime) -> datetime:
        """When metadata of ``role`` that is made now stops counting; whole seconds, UTC."""
        return now.astimezone(UTC).replace(microsecond=0) + timedelta(days=getattr(self, role))


def new_root(
    keys: Mapping[str, Sequence[Key]], root_threshold: int, expires: datetime
) -> Metadata[Root]:
    """The first root: the keys of every role; each role but root needs one signature."""
    roles = {
        role: Role([key.keyid for key in keys[role]], root_threshold if role == "root" else 1)
        for role in ROLES
    }
    if len(set(roles["root"].keyids)) < root_threshold:
        raise BadKey(f"{root_threshold} root signatures need as many root keys")
    every = {key.keyid: key for role in ROLES for key in keys[role]}
    return Metadata(Root(1, expires=expires, keys=every, roles=roles, consistent_snapshot=True))


def sign(metadata: AnyMetadata, signers: Sequence[sslib.Signer], keyids: Collection[str]) -> bytes:
    """The bytes of ``metadata``, signed by those of the signers whose keys are in ``keyids``.

    Raises BadKey for one that cannot sign.
    """
    metadata.signatures.clear()
    by_key = {signer.public_key.keyid: signer for signer in signers}
    for keyid, signer in sorted(by_key.items()):
        if keyid in keyids:
            try:
                metadata.sign(signer, append=True)
            except UnsignedMetadataError as e:
                said = f"{type(e.__cause__).__name__}: {e.__cause__}"[:500]
                raise BadKey(f"the key {keyid} did not sign: {said}") from e
    return metadata.to_bytes(_COMPACT)


def rendered(metadata: AnyMetadata) -> bytes:
    """The bytes of metadata as they are written."""
    return metadata.to_bytes(_COMPACT)


def release_target(name: str, version: str) -> str:
    """The target path of a release's release.json."""
    return f"{name}/{version}/release.json"


def target_of(path: str, content: bytes, custom: Mapping[str, object] | None = None) -> TargetFile:
    """What binds ``content`` to ``path``."""
    more = {"custom": dict(custom)} if custom else None
    return TargetFile(len(content), {"sha256": sha256_hex(content)}, path, more)


def bound(version: int, content: bytes) -> MetaFile:
    """What binds metadata's bytes into the metadata above it."""
    return MetaFile(version, len(content), {"sha256": sha256_hex(content)})


def snapshot_of(version: int, targets: Targets, content: bytes, expires: datetime) -> AnyMetadata:
    """The snapshot that names these targets."""
    meta = {"targets.json": bound(targets.version, content)}
    return Metadata(Snapshot(version, expires=expires, meta=meta))


def timestamp_of(
    version: int, snapshot: Snapshot, content: bytes, expires: datetime
) -> AnyMetadata:
    """The timestamp that names this snapshot."""
    meta = bound(snapshot.version, content)
    return Metadata(Timestamp(version, expires=expires, snapshot_meta=meta))
