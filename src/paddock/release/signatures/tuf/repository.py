"""The folder of update metadata that is kept between releases, and its changes.

Knows what changes: a release more, a revocation more, a new time, a new root; one writer at a time.
Nothing is ever taken back: versions only rise, and no revocation is removed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tuf.api.metadata import Root, Targets

from paddock.digest import sha256_hex
from paddock.errors import NotFound
from paddock.release.errors import VersionTaken
from paddock.release.files.replacing import locked, replace_file
from paddock.release.signatures.tuf.chain import (
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
    new_root,
    release_target,
    rendered,
    sign,
    target_of,
)
from paddock.release.signatures.tuf.revocations import Revocation, parse_revoked, render_revoked
from paddock.release.signatures.tuf.writing import (
    Repository,
    is_past_half,
    signers_at_hand,
    write_below_root,
    write_upper,
)
from paddock.signing.errors import BadKey, BadSignature


def create(repository: Repository, root_threshold: int, now: datetime) -> Chain:
    """The first metadata, naming nothing; needs the keys of every role."""
    signers = {role: role_signers(repository.keys, role) for role in ROLES}
    for role, found in signers.items():
        if not found:
            raise BadKey(f"there is no {role} key in {repository.keys}")
    keys = {role: [signer.public_key for signer in found] for role, found in signers.items()}
    expires = repository.lifetimes.expiry("root", now)
    root = new_root(keys, root_threshold, expires)
    sign(root, signers["root"], root.signed.roles["root"].keyids)
    return begin(repository, root, now)


def begin(repository: Repository, root: AnyMetadata, now: datetime) -> Chain:
    """The first metadata under a root that is signed, naming nothing."""
    with locked(repository.folder):
        replace_file(repository.folder / root_name(1), rendered(root))
        empty = render_revoked(())
        targets = Targets(1, targets={REVOKED_TARGET: target_of(REVOKED_TARGET, empty)})
        _store_revoked(repository, empty)
        write_below_root(repository, root.signed, (targets, 1, 1), now)
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
    if not is_past_half(repository, "targets", targets.expires, now):
        with locked(repository.folder):
            write_upper(repository, chain, now)
        return current(repository)
    if not signers_at_hand(repository, "targets"):
        raise BadKey(
            f"the targets are past half of their time, and their key is not in {repository.keys}",
            hint="run this once where the targets key is",
        )
    return _change(repository, lambda targets: None, now)


def _change(repository: Repository, change: Callable[[Targets], None], now: datetime) -> Chain:
    with locked(repository.folder):
        chain = current(repository)
        targets = chain.targets.signed
        change(targets)
        targets.version += 1
        write_below_root(repository, chain.roots[-1].signed, _after(chain), now)
    return current(repository)


def replace_root(repository: Repository, root: Root, raw: bytes, now: datetime) -> Chain:
    """The repository under a new root, whose bytes are ``raw``; all below it is signed anew."""
    with locked(repository.folder):
        chain = current(repository)
        chain.targets.signed.version += 1
        write_below_root(repository, root, _after(chain), now, raw)
    return current(repository)


def _after(chain: Chain) -> tuple[Targets, int, int]:
    """The targets, and the next versions of snapshot and timestamp."""
    snapshot, timestamp = chain.snapshot.signed.version, chain.timestamp.signed.version
    return chain.targets.signed, snapshot + 1, timestamp + 1


def _store_revoked(repository: Repository, content: bytes) -> None:
    path = repository.folder / revoked_name(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)


def _is_young(repository: Repository, chain: Chain, now: datetime) -> bool:
    times = {
        "timestamp": chain.timestamp.signed.expires,
        "snapshot": chain.snapshot.signed.expires,
        "targets": chain.targets.signed.expires,
    }
    return not any(is_past_half(repository, role, at, now) for role, at in times.items())
