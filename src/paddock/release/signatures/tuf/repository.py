"""The folder of update metadata that is kept between releases, and its changes.

Knows the order of writing: what the timestamp will name is on the medium before the timestamp is
replaced, so a kill at any point leaves the state before or after. One writer at a time. Nothing
is ever taken back: versions only rise, and no revocation is removed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tuf.api.metadata import Metadata, Root, Targets

from paddock.digest import sha256_hex
from paddock.errors import NotFound
from paddock.release.errors import VersionTaken
from paddock.release.signatures.tuf.chain import (
    TIMESTAMP_NAME,
    Chain,
    is_root,
    read_chain,
    revoked_name,
    root_name,
)
from paddock.release.signatures.tuf.keys import role_signers
from paddock.release.signatures.tuf.metadata import (
    REVOKED_TARGET,
    ROLES,
    AnyMetadata,
    Lifetimes,
    new_root,
    release_target,
    sign,
    snapshot_of,
    target_of,
    timestamp_of,
)
from paddock.release.signatures.tuf.revocations import Revocation, parse_revoked, render_revoked
from paddock.signing.errors import BadKey, BadSignature
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


def create(repository: Repository, root_threshold: int, now: datetime) -> Chain:
    """The first metadata, naming nothing; needs the keys of every role."""
    signers = {role: role_signers(repository.keys, role) for role in ROLES}
    for role, found in signers.items():
        if not found:
            raise BadKey(f"there is no {role} key in {repository.keys}")
    keys = {role: [signer.public_key for signer in found] for role, found in signers.items()}
    expires = repository.lifetimes.expiry("root", now)
    root = new_root(keys, root_threshold, expires)
    raw = sign(root, signers["root"], root.signed.roles["root"].keyids)
    with _locked(repository.folder):
        write(repository.folder / root_name(1), raw)
        empty = render_revoked(())
        targets = Targets(1, targets={REVOKED_TARGET: target_of(REVOKED_TARGET, empty)})
        _store_revoked(repository, empty)
        _write_below_root(repository, root.signed, (targets, 1, 1), now)
    return current(repository)


def current(repository: Repository) -> Chain:
    """What the folder holds now; raises NotFound, BadSignature."""
    folder = repository.folder
    if not repository.exists:
        raise NotFound(
            f"there is no update metadata in {folder}",
            hint=f"make it with `paddock keys tuf create {folder}`",
        )
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    def read(name: str, limit_bytes: int) -> bytes:
        with (folder / name).open("rb") as file:
            return file.read(limit_bytes + 1)

    try:
        return read_chain(names, read)
    except BadSignature:
        # A rotation that was cut off leaves a root that no timestamp follows yet.
        roots = [name for name in names if is_root(name)]
        latest = max(roots, key=lambda name: int(name.split(".")[0]), default="")
        if len(roots) < 2:
            raise
        return read_chain(names - {latest}, read)


def add_release(
    repository: Repository, name: str, version: str, release_json: bytes, now: datetime
) -> Chain:
    """Metadata that names this release; the same when it did already and is still young."""
    chain, path = current(repository), release_target(name, version)
    known = chain.targets.signed.targets.get(path)
    if known is not None and known.hashes.get("sha256") != sha256_hex(release_json):
        raise VersionTaken(
            f"{repository.folder} names another {name} {version}", hint="raise metadata.version"
        )
    if known is not None:
        return chain if _is_young(repository, chain, now) else refresh(repository, now)

    def add(targets: Targets) -> None:
        serials = [(target.custom or {}).get("serial", 0) for target in targets.targets.values()]
        custom = {"name": name, "version": version, "serial": max(serials, default=0) + 1}
        targets.targets[path] = target_of(path, release_json, custom)

    return _change(repository, add, now)


def revoke(repository: Repository, revocation: Revocation, now: datetime) -> Chain:
    """Metadata whose revoked.json has one entry more."""
    entries = current(repository).revoked
    if any((entry.kind, entry.sha256) == (revocation.kind, revocation.sha256) for entry in entries):
        raise VersionTaken(f"it is revoked already: {revocation.sha256}")
    content = render_revoked([*entries, revocation])
    parse_revoked(content)

    def replace(targets: Targets) -> None:
        targets.targets[REVOKED_TARGET] = target_of(REVOKED_TARGET, content)

    _store_revoked(repository, content)
    return _change(repository, replace, now)


def refresh(repository: Repository, now: datetime) -> Chain:
    """A new timestamp, and snapshot and targets where they are past half of their time.

    Needs no root key; raises BadKey when a key is missing that cannot be done without.
    """
    chain = current(repository)
    targets = chain.targets.signed
    if not _is_past_half(repository, "targets", targets.expires, now):
        with _locked(repository.folder):
            _write_upper(repository, chain, now)
        return current(repository)
    if not _signers(repository, "targets"):
        raise BadKey(
            f"the targets are past half of their time, and their key is not in {repository.keys}",
            hint="run this once where the targets key is",
        )
    return _change(repository, lambda targets: None, now)


def _change(repository: Repository, change: Callable[[Targets], None], now: datetime) -> Chain:
    with _locked(repository.folder):
        chain = current(repository)
        targets = chain.targets.signed
        change(targets)
        targets.version += 1
        _write_below_root(repository, chain.roots[-1].signed, _after(chain), now)
    return current(repository)


def replace_root(repository: Repository, root: Root, raw: bytes, now: datetime) -> Chain:
    """The repository under a new root, whose bytes are ``raw``; all below it is signed anew."""
    with _locked(repository.folder):
        chain = current(repository)
        chain.targets.signed.version += 1
        _write_below_root(repository, root, _after(chain), now, raw)
    return current(repository)


def _after(chain: Chain) -> tuple[Targets, int, int]:
    """The targets, and the next versions of snapshot and timestamp."""
    snapshot, timestamp = chain.snapshot.signed.version, chain.timestamp.signed.version
    return chain.targets.signed, snapshot + 1, timestamp + 1


def _write_upper(repository: Repository, chain: Chain, now: datetime) -> None:
    """The timestamp anew, and the snapshot where its time comes."""
    snapshot, root = chain.snapshot.signed, chain.roots[-1].signed
    raw = chain.files[f"{snapshot.version}.snapshot.json"]
    if _is_past_half(repository, "snapshot", snapshot.expires, now):
        targets = chain.targets.signed
        made = snapshot_of(
            snapshot.version + 1,
            targets,
            chain.files[f"{targets.version}.targets.json"],
            repository.lifetimes.expiry("snapshot", now),
        )
        raw = _signed(repository, made, root)
        snapshot = made.signed
        write(repository.folder / f"{snapshot.version}.snapshot.json", raw)
    version = chain.timestamp.signed.version + 1
    expires = repository.lifetimes.expiry("timestamp", now)
    timestamp = timestamp_of(version, snapshot, raw, expires)
    write(repository.folder / TIMESTAMP_NAME, _signed(repository, timestamp, root))


def _write_below_root(
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
    write(folder / f"{targets.version}.targets.json", raw)
    expires = lifetimes.expiry("snapshot", now)
    snapshot = snapshot_of(snapshot_version, targets, raw, expires)
    raw = _signed(repository, snapshot, root)
    write(folder / f"{snapshot_version}.snapshot.json", raw)
    expires = lifetimes.expiry("timestamp", now)
    timestamp = timestamp_of(timestamp_version, snapshot.signed, raw, expires)
    timestamp_bytes = _signed(repository, timestamp, root)
    if new_root_bytes is not None:
        write(folder / root_name(root.version), new_root_bytes)
    write(folder / TIMESTAMP_NAME, timestamp_bytes)


def _signers(repository: Repository, role: str) -> list[Signer]:
    return [*role_signers(repository.keys, role), *repository.signers]


def _signed(repository: Repository, metadata: AnyMetadata, root: Root) -> bytes:
    role = root.roles[metadata.signed.type]
    raw = sign(metadata, _signers(repository, metadata.signed.type), role.keyids)
    if len(metadata.signatures) < role.threshold:
        raise BadKey(
            f"no key in {repository.keys} may sign the {metadata.signed.type}",
            hint="the keys of the role are those that the latest root names",
        )
    return raw


def _store_revoked(repository: Repository, content: bytes) -> None:
    path = repository.folder / revoked_name(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, content)


def _is_young(repository: Repository, chain: Chain, now: datetime) -> bool:
    times = {
        "timestamp": chain.timestamp.signed.expires,
        "snapshot": chain.snapshot.signed.expires,
        "targets": chain.targets.signed.expires,
    }
    return not any(_is_past_half(repository, role, at, now) for role, at in times.items())


def _is_past_half(repository: Repository, role: str, expires: datetime, now: datetime) -> bool:
    return expires - now < timedelta(days=getattr(repository.lifetimes, role)) / 2


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes) -> None:
    """Replace a file whole, on the medium when this returns."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        temporary.chmod(0o644)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
