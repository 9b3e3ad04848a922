"""Newer update metadata beside a release that is there already; its bytes stay what they are."""

from __future__ import annotations

import json
from pathlib import Path

from paddock.errors import BadInput, Conflict
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    UPDATES_FOLDER,
    parse_manifest,
)
from paddock.release.files.replacing import replace_file
from paddock.release.signatures.tuf.chain import TIMESTAMP_NAME, Chain
from paddock.release.signatures.tuf.naming import is_named
from paddock.release.signatures.tuf.repository import current
from paddock.release.signatures.tuf.strict import MAX_METADATA_BYTES
from paddock.release.signatures.tuf.writing import Repository
from paddock.release.signatures.vouchers import parse_vouchers
from paddock.signing.keys import read_key_file


def attach_updates(repository: Repository, release: Path) -> Chain:
    """Replace what ``release`` carries of the metadata, its timestamp last.

    Raises BadInput for a release that it does not name, Conflict where newer metadata is there.
    """
    chain = current(repository)
    raw = read_key_file(release / MANIFEST_NAME, MAX_MANIFEST_BYTES)
    folder = release / UPDATES_FOLDER
    there = folder / TIMESTAMP_NAME
    before = read_key_file(there, MAX_METADATA_BYTES) if there.is_file() else None
    require_newer(chain, raw, before, str(release))
    for name in sorted(chain.files, key=lambda name: (name == TIMESTAMP_NAME, name)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(folder / name, chain.files[name])
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in chain.files:
            path.unlink()
    return chain


def require_newer(chain: Chain, release_json: bytes, timestamp: bytes | None, where: str) -> None:
    """Raise unless the metadata names the release and is not older than ``timestamp``, if any."""
    manifest = parse_manifest(release_json)
    beside = {f"{UPDATES_FOLDER}/{name}": content for name, content in chain.files.items()}
    first = parse_vouchers(manifest.document).tuf_root
    if not is_named(beside, manifest, release_json, first):
        raise BadInput(
            f"the release in {where} is not one that this update metadata names",
            hint="it is another publisher's, or was released with other metadata",
        )
    there, ours = _version(timestamp), chain.timestamp.signed.version
    if there > ours:
        raise Conflict(
            f"{where} has the timestamp {there}, which is newer than {ours}",
            hint="use the folder of update metadata that was renewed last",
        )


def _version(timestamp: bytes | None) -> int:
    """What an unbelieved timestamp says of its version: enough not to replace it by mistake."""
    try:
        version = json.loads(timestamp or b"")["signed"]["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0
    return version if type(version) is int else 0
