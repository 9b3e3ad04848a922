"""Newer update metadata into a release that is there already; its bytes stay what they are."""

from __future__ import annotations

from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    UPDATES_FOLDER,
    parse_manifest,
)
from paddock.release.signatures.tuf.chain import Chain, root_name
from paddock.release.signatures.tuf.repository import current
from paddock.release.signatures.tuf.writing import Repository, write
from paddock.release.signatures.vouchers import parse_vouchers
from paddock.signing.keys import read_key_file


def attach_updates(repository: Repository, release: Path) -> Chain:
    """Replace what ``release`` carries of the metadata; raises BadInput for another publisher's."""
    chain = current(repository)
    raw = read_key_file(release / MANIFEST_NAME, MAX_MANIFEST_BYTES)
    manifest = parse_manifest(raw)
    if parse_vouchers(manifest.document).tuf_root != sha256_hex(chain.files[root_name(1)]):
        raise BadInput(f"{release} does not name the metadata in {repository.folder}")
    folder = release / UPDATES_FOLDER
    for name, content in chain.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, content)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in chain.files:
            path.unlink()
    return chain
