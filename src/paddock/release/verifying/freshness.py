"""Is it current? The release's update metadata, held against the time and what was seen before.

The judge is python-tuf's own client, reading from the release instead of a network. Before that,
every byte of the metadata is held to one spelling (``signatures.tuf``). The trusted root is one
that the user pinned, else the first one, whose digest the signed release.json names.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
)
from tuf.ngclient import FetcherInterface, Updater

from paddock import clock
from paddock.digest import sha256_hex
from paddock.release.files.folder import list_folder
from paddock.release.files.manifest import UPDATES_FOLDER, Manifest
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.signatures.tuf.chain import Chain, read_chain, root_name
from paddock.release.signatures.tuf.metadata import REVOKED_TARGET, release_target
from paddock.release.signatures.tuf.revocations import Revocation, parse_revoked
from paddock.release.signatures.tuf.strict import pinned_root
from paddock.release.verifying.findings import Findings, Freshness
from paddock.release.verifying.memory import Seen
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.updates import Updates
from paddock.signing.errors import BadKey, BadSignature

_HERE = "release:/"
CLOCK_MAY_GO_BACK = timedelta(days=1)


def read_updates(root_fd: int, findings: Findings) -> Chain:
    """The metadata that the release carries; raises BadSignature unless it is whole and strict."""
    prefix = f"{UPDATES_FOLDER}/"
    names = {p.removeprefix(prefix) for p in findings.listing.files if p.startswith(prefix)}
    chain = read_chain(names, lambda name, limit: read_beneath(root_fd, prefix + name, limit))
    if sha256_hex(chain.files[root_name(1)]) != findings.vouchers.tuf_root:
        raise BadSignature("the first root of the update metadata is not the one in release.json")
    return chain


def trusted_root(chain: Chain, trust: Trust) -> tuple[bytes, bool]:
    """The root to begin with, and whether the user pinned it; raises BadSignature."""
    for raw in trust.roots:
        version = pinned_root(raw, "the trusted root").signed.version
        if chain.files.get(root_name(version)) == raw:
            return raw, True
    if trust.roots and trust.needs_updates:
        raise BadSignature("the update metadata does not follow from the root that you pinned")
    return chain.files[root_name(1)], False


def judge_freshness(
    chain: Chain, findings: Findings, root: tuple[bytes, bool], seen: Seen, updates: Updates
) -> Freshness:
    """What the metadata says of this release; ``seen`` then holds what it showed."""
    manifest = findings.manifest
    assert manifest is not None  # noqa: S101 - only release.json names update metadata
    try:
        if revoked := _revoked_before(seen, findings):
            return Freshness("revoked", revoked)
        if behind := _clock_is_behind(seen):
            return Freshness("stale", (behind,))
        if updates.newer is not None:
            chain = _newer_chain(updates.newer, chain)
        updater = _updater(chain, root[0], seen.folder)
        updater.refresh()
        entries = _entries(updater, seen)
        target = updater.get_targetinfo(release_target(manifest.name, manifest.version))
    except (ExpiredMetadataError, BadVersionNumberError) as e:
        return Freshness("stale", (_sentence(e, chain),))
    except (RepositoryError, DownloadError, BadSignature, BadKey, ValueError) as e:
        said = e.message if isinstance(e, BadSignature | BadKey) else str(e)
        return Freshness("invalid", (f"the update metadata is not usable: {said}",))
    if target is None or target.hashes.get("sha256") != sha256_hex(findings.manifest_bytes):
        reason = f"the update metadata does not name this {manifest.name} {manifest.version}"
        return Freshness("invalid", (reason,))
    until = min(chain.timestamp.signed.expires, chain.snapshot.signed.expires,
                chain.targets.signed.expires).strftime("%Y-%m-%dT%H:%M:%SZ")  # fmt: skip
    keys = _revoked_keys(entries, findings)
    if reasons := _revocations_of(entries, findings):
        return Freshness("revoked", reasons, until, revoked_keys=keys)
    serial = (target.custom or {}).get("serial", 0)
    if older := _older(manifest, serial, seen, updates):
        return Freshness("stale", (older,), until, revoked_keys=keys)
    seen.releases[manifest.name] = (serial, manifest.version)
    return Freshness("fresh", (), until, root[1], keys)


def _clock_is_behind(seen: Seen) -> str | None:
    """Why nothing can be said to be current: a clock that was set back makes old metadata count."""
    now = clock.now()
    if seen.latest is None or seen.latest - now < CLOCK_MAY_GO_BACK:
        return None
    said = f"{seen.latest:%Y-%m-%d %H:%M}"
    return (
        f"this machine's clock says {now:%Y-%m-%d %H:%M}, and said {said} when "
        f"you last verified a release of this publisher: set it right, or remove {seen.kept}"
    )


class _Carried(FetcherInterface):
    """Hands python-tuf's client what the release carries, and says of the rest that it is not."""

    def __init__(self, chain: Chain) -> None:
        self._files = chain.files

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix(_HERE)
        if name not in self._files:
            raise DownloadHTTPError(f"{name} is not there", 404)
        return iter([self._files[name]])


def _updater(chain: Chain, root: bytes, folder: Path) -> Updater:
    return Updater(
        str(folder), _HERE, None, f"{_HERE}targets/", _Carried(chain), bootstrap=root
    )  # fmt: skip


def _newer_chain(folder: Path, carried: Chain) -> Chain:
    """Metadata from elsewhere, of the same publisher; raises BadSignature."""
    try:
        with opened_folder(folder) as folder_fd:
            names = set(list_folder(folder_fd).files)
            chain = read_chain(names, lambda name, limit: read_beneath(folder_fd, name, limit))
    except OSError as e:
        raise BadSignature(f"{folder} cannot be read: {e.strerror}") from e
    first = root_name(1)
    if chain.files[first] != carried.files[first]:
        raise BadSignature(f"{folder} holds update metadata of another publisher")
    return chain


def _entries(updater: Updater, seen: Seen) -> tuple[Revocation, ...]:
    """What is revoked, by the metadata that counts; kept with what was seen."""
    target = updater.get_targetinfo(REVOKED_TARGET)
    if target is None:
        raise BadSignature(f"the targets name no {REVOKED_TARGET}")
    path = updater.download_target(target, str(seen.folder / REVOKED_TARGET))
    return parse_revoked(Path(path).read_bytes())


def _revoked_before(seen: Seen, findings: Findings) -> tuple[str, ...]:
    """What an earlier look learned, which older metadata would not tell."""
    path = seen.folder / REVOKED_TARGET
    if not path.exists():
        return ()
    entries = parse_revoked(path.read_bytes())
    return (
        *_revocations_of(entries, findings),
        *_revoked_keys(entries, findings).values(),
    )


def _revocations_of(entries: tuple[Revocation, ...], findings: Findings) -> tuple[str, ...]:
    digest = sha256_hex(findings.manifest_bytes)
    return tuple(e.sentence for e in entries if e.kind == "release" and e.sha256 == digest)


def _revoked_keys(entries: tuple[Revocation, ...], findings: Findings) -> dict[str, str]:
    revoked = {e.sha256: e.sentence for e in entries if e.kind == "key"}
    return {keyid: revoked[keyid] for keyid in sorted(findings.made_by) if keyid in revoked}


def _older(manifest: Manifest, serial: int, seen: Seen, updates: Updates) -> str | None:
    """Why this release is an older one than was seen; None too when it was asked for by name."""
    newest, version = seen.releases.get(manifest.name, (0, ""))
    if serial >= newest or updates.expected_version == manifest.version:
        return None
    return f"{manifest.version} is older than {version}, which you have verified before"


def _sentence(error: ExpiredMetadataError | BadVersionNumberError, chain: Chain) -> str:
    if isinstance(error, ExpiredMetadataError):
        parts = (("root", chain.roots[-1]), ("timestamp", chain.timestamp),
                 ("snapshot", chain.snapshot), ("targets", chain.targets))  # fmt: skip
        role, metadata = min(parts, key=lambda part: part[1].signed.expires)
        return f"the {role} of the update metadata expired on {metadata.signed.expires:%Y-%m-%d}"
    version = chain.timestamp.signed.version
    return f"the update metadata (timestamp {version}) is older than what you have verified before"
