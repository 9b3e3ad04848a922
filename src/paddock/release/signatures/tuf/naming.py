"""Whether update metadata that lies beside a release names it. Pure; says nothing of time."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.digest import sha256_hex
from paddock.release.files.manifest import UPDATES_FOLDER, Manifest
from paddock.release.signatures.tuf.chain import read_chain, root_name
from paddock.release.signatures.tuf.metadata import release_target
from paddock.signing.errors import BadSignature

_PREFIX = f"{UPDATES_FOLDER}/"


def is_named(
    beside: Mapping[str, bytes], manifest: Manifest, release_json: bytes, first_root: str | None
) -> bool:
    """Whether the files below tuf/ in ``beside`` are whole, of this publisher, and name it."""
    files = {p.removeprefix(_PREFIX): c for p, c in beside.items() if p.startswith(_PREFIX)}
    try:
        chain = read_chain(files, lambda name, limit_bytes: files[name][: limit_bytes + 1])
    except BadSignature:
        return False
    path = release_target(manifest.name, manifest.version)
    target = chain.targets.signed.targets.get(path)
    is_ours = sha256_hex(chain.files[root_name(1)]) == first_root and set(chain.files) == set(files)
    return (
        is_ours and target is not None and target.hashes.get("sha256") == sha256_hex(release_json)
    )
