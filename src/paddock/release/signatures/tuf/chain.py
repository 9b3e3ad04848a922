"""What a release carries of the update metadata, as one consistent whole.

Knows the names of the files and what binds them; knows neither time nor whom to trust. The set of
files is exact: every root from the first, one timestamp, the snapshot and targets that it leads to,
and revoked.json under its digest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from paddock.digest import sha256_hex
from paddock.release.signatures.tuf.metadata import REVOKED_TARGET, AnyMetadata
from paddock.release.signatures.tuf.revocations import (
    MAX_REVOKED_BYTES,
    Revocation,
    parse_revoked,
)
from paddock.release.signatures.tuf.strict import (
    MAX_METADATA_BYTES,
    check_root_chain,
    check_signatures,
    keys_of_role,
    strict_metadata,
)
from paddock.signing.errors import BadSignature

TIMESTAMP_NAME = "timestamp.json"
MAX_ROOTS = 256  # as many as python-tuf's client follows
_ROOT = re.compile(r"([1-9][0-9]{0,3})\.root\.json")


@dataclass(frozen=True, slots=True)
class Chain:
    """Metadata that belongs together; nothing says yet that it is current, or whose it is."""

    files: Mapping[str, bytes]  # by path, as a release carries them below tuf/
    roots: tuple[AnyMetadata, ...]
    timestamp: AnyMetadata
    snapshot: AnyMetadata
    targets: AnyMetadata
    revoked: tuple[Revocation, ...]


def read_chain(names: Collection[str], read: Callable[[str, int], bytes]) -> Chain:
    """The metadata among ``names``; ``read`` takes a name and how many bytes to read at most.

    Raises BadSignature unless every file is of one spelling, rightly signed, and bound to the rest.
    """
    versions = {int(found[1]): name for name in names if (found := _ROOT.fullmatch(name))}
    if not 0 < len(versions) <= MAX_ROOTS:
        raise BadSignature(f"the update metadata has {len(versions)} roots")
    files = {name: read(name, MAX_METADATA_BYTES) for name in versions.values()}
    roots = check_root_chain({version: files[name] for version, name in versions.items()})
    reading = _Reading(names, read, roots[-1].signed, files)
    timestamp = reading.signed(TIMESTAMP_NAME, Timestamp)
    snapshot = reading.named(timestamp.signed.snapshot_meta, Snapshot)
    if set(snapshot.signed.meta) != {"targets.json"}:
        raise BadSignature("the snapshot names other metadata than targets.json")
    targets = reading.named(snapshot.signed.meta["targets.json"], Targets)
    if targets.signed.delegations is not None:
        raise BadSignature("the targets are delegated, which releases do not do")
    revoked = reading.revoked(targets.signed)
    return Chain(files, tuple(roots), timestamp, snapshot, targets, parse_revoked(revoked))


def revoked_name(content: bytes) -> str:
    """Where revoked.json is, as TUF names targets by their digest."""
    return f"targets/{sha256_hex(content)}.{REVOKED_TARGET}"


def is_root(name: str) -> bool:
    """Whether a file is one of the roots."""
    return _ROOT.fullmatch(name) is not None


def root_name(version: int) -> str:
    """The file of one root."""
    return f"{version}.root.json"


@dataclass(slots=True)
class _Reading:
    """Files of the metadata, each checked as it is read."""

    names: Collection[str]
    read: Callable[[str, int], bytes]
    root: Root
    files: dict[str, bytes]

    def signed(self, name: str, kind: type[Timestamp | Snapshot | Targets]) -> AnyMetadata:
        """Metadata that enough keys of its role signed, and no others."""
        metadata = strict_metadata(self._bytes(name, MAX_METADATA_BYTES), kind, name)
        check_signatures(metadata, keys_of_role(self.root, kind.type), name)
        try:
            self.root.verify_delegate(kind.type, metadata.signed_bytes, metadata.signatures)
        except UnsignedMetadataError as e:
            raise BadSignature(f"{name}: {e}") from e
        return metadata

    def named(self, meta: MetaFile, kind: type[Snapshot | Targets]) -> AnyMetadata:
        """Metadata that other metadata names, by version, length and digest."""
        name = f"{meta.version}.{kind.type}.json"
        metadata = self.signed(name, kind)
        _require_bound(meta, self.files[name], name)
        if metadata.signed.version != meta.version:
            raise BadSignature(f"{name} holds version {metadata.signed.version}")
        return metadata

    def revoked(self, targets: Targets) -> bytes:
        """revoked.json, which every repository has, if only empty."""
        target = targets.targets.get(REVOKED_TARGET)
        if target is None or set(target.hashes) != {"sha256"}:
            raise BadSignature(f"the targets bind no {REVOKED_TARGET} by its SHA-256")
        name = f"targets/{target.hashes['sha256']}.{REVOKED_TARGET}"
        raw = self._bytes(name, MAX_REVOKED_BYTES)
        _require_bound(target, raw, name)
        return raw

    def _bytes(self, name: str, limit_bytes: int) -> bytes:
        if name not in self.names:
            raise BadSignature(f"the update metadata has no {name}")
        self.files[name] = raw = self.read(name, limit_bytes)
        return raw


def _require_bound(meta: MetaFile | TargetFile, content: bytes, name: str) -> None:
    """The bytes are those that the metadata above names, by length and SHA-256."""
    if set(meta.hashes or ()) != {"sha256"} or meta.length is None:
        raise BadSignature(f"{name} is not bound by length and SHA-256")
    try:
        meta.verify_length_and_hashes(content)
    except RepositoryError as e:
        raise BadSignature(f"{name} has other bytes than the metadata names") from e
