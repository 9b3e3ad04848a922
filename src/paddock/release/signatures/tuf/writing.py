"""How update metadata gets onto the medium: signed, in an order that survives a kill.

What the timestamp will name is there before the timestamp is replaced; a new root takes its place
just before. Knows where the metadata and its keys are; what changes is ``repository``'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tuf.api.metadata import Metadata, Root, Targets

from paddock.release.files.replacing import replace_file
from paddock.release.signatures.tuf.chain import TIMESTAMP_NAME, Chain, root_name
from paddock.release.signatures.tuf.keys import role_signers
from paddock.release.signatures.tuf.metadata import (
    AnyMetadata,
    Lifetimes,
    sign,
    snapshot_of,
    timestamp_of,
)
from paddock.signing.errors import BadKey
from paddock.signing.sslib import Signer


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the metadata is, where its keys are, and how long it counts."""

    folder: Path
    keys: Path
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    signers: tuple[Signer, ...] = ()  # besides those in the folder of keys

    @property
    def exists(self) -> bool:
        """Whether there is metadata yet."""
        return (self.folder / TIMESTAMP_NAME).is_file()


def write_below_root(
    repository: Repository,
    root: Root,
    versions: tuple[Targets, int, int],
    now: datetime,
    new_root_bytes: bytes | None = None,
) -> None:
    """Targets, snapshot and timestamp; a new root takes its place just before the timestamp."""
    targets, snapshot_version, timestamp_version = versions
    folder, lifetimes = repository.folder, repository.lifetimes
    targets.expires = lifetimes.expiry("targets", now)
    raw = _signed(repository, Metadata(targets), root)
    replace_file(folder / f"{targets.version}.targets.json", raw)
    expires = lifetimes.expiry("snapshot", now)
    snapshot = snapshot_of(snapshot_version, targets, raw, expires)
    raw = _signed(repository, snapshot, root)
    replace_file(folder / f"{snapshot_version}.snapshot.json", raw)
    expires = lifetimes.expiry("timestamp", now)
    timestamp = timestamp_of(timestamp_version, snapshot.signed, raw, expires)
    timestamp_bytes = _signed(repository, timestamp, root)
    if new_root_bytes is not None:
        replace_file(folder / root_name(root.version), new_root_bytes)
    replace_file(folder / TIMESTAMP_NAME, timestamp_bytes)


def write_upper(repository: Repository, chain: Chain, now: datetime) -> None:
    """The timestamp anew, and the snapshot where its time comes."""
    snapshot, root = chain.snapshot.signed, chain.roots[-1].signed
    raw = chain.files[f"{snapshot.version}.snapshot.json"]
    if is_past_half(repository, "snapshot", snapshot.expires, now):
        targets = chain.targets.signed
        made = snapshot_of(
            snapshot.version + 1,
            targets,
            chain.files[f"{targets.version}.targets.json"],
            repository.lifetimes.expiry("snapshot", now),
        )
        raw = _signed(repository, made, root)
        snapshot = made.signed
        replace_file(repository.folder / f"{snapshot.version}.snapshot.json", raw)
    version = chain.timestamp.signed.version + 1
    expires = repository.lifetimes.expiry("timestamp", now)
    timestamp = timestamp_of(version, snapshot, raw, expires)
    replace_file(repository.folder / TIMESTAMP_NAME, _signed(repository, timestamp, root))


def signers_at_hand(repository: Repository, role: str) -> list[Signer]:
    """The keys of a role in the folder of keys, and those that were handed over."""
    return [*role_signers(repository.keys, role), *repository.signers]


def may_add(repository: Repository) -> bool:
    """Whether keys of every role that names releases are at hand."""
    return all(signers_at_hand(repository, role) for role in ("targets", "snapshot", "timestamp"))


def is_past_half(repository: Repository, role: str, expires: datetime, now: datetime) -> bool:
    """Whether less than half of the time that metadata of ``role`` counts is left."""
    return expires - now < timedelta(days=getattr(repository.lifetimes, role)) / 2


def _signed(repository: Repository, metadata: AnyMetadata, root: Root) -> bytes:
    role = root.roles[metadata.signed.type]
    raw = sign(metadata, signers_at_hand(repository, metadata.signed.type), role.keyids)
    if len(metadata.signatures) < role.threshold:
        raise BadKey(
            f"no key in {repository.keys} may sign the {metadata.signed.type}",
            hint="the keys of the role are those that the latest root names",
        )
    return raw
