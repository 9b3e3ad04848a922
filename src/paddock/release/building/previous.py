"""The release that this one supersedes, where it lies on this machine.

``metadata.supersedes`` names its version; it is looked for where releases of this name go: the
folders under ``publish``, and NAME-VERSION beside the release file. It counts only when a key that
the user trusts signed it: a changelog must not repeat what a stranger says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from paddock.errors import PaddockError
from paddock.release.building.inputs import BuildInputs
from paddock.release.errors import BadManifest
from paddock.release.evidence import Check
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    Manifest,
    parse_manifest,
)
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.spec.publish import FolderDestination
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import load_trust

_ID = "documents.previous"


class Previous(NamedTuple):
    """Its manifest, and what is to be said about looking for it."""

    manifest: Manifest | None
    checks: tuple[Check, ...]


def find_previous(inputs: BuildInputs) -> Previous:
    """The superseded release; warned where it is not here or nobody trusted signed it."""
    version = inputs.plan.spec.metadata.supersedes
    if version is None:
        return Previous(None, ())
    for folder in _places(inputs, version):
        manifest = _manifest(folder)
        if manifest is None or (manifest.name, manifest.version) != (inputs.name, version):
            continue
        if not _is_trusted(folder, inputs.config_home):
            return Previous(None, (_warned(f"{folder} is not signed by a key that you trust"),))
        said = f"{inputs.name} {version} was found and is signed by a key that you trust"
        return Previous(manifest, (Check(_ID, "documents", "met", said),))
    hint = f"put {inputs.name}-{version} beside the release file"
    return Previous(None, (_warned(f"{inputs.name} {version} is not on this machine", hint),))


def _places(inputs: BuildInputs, version: str) -> Iterator[Path]:
    for there in inputs.plan.spec.publish:
        if isinstance(there, FolderDestination):
            yield inputs.base / there.path
    yield inputs.base / f"{inputs.name}-{version}"


def _manifest(folder: Path) -> Manifest | None:
    try:
        with opened_folder(folder) as folder_fd:
            return parse_manifest(read_beneath(folder_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES))
    except (OSError, BadManifest):
        return None


def _is_trusted(folder: Path, config_home: Path) -> bool:
    try:
        return verify_folder(folder, load_trust(None, config_home)).is_trusted
    except PaddockError:
        return False


def _warned(why: str, hint: str | None = None) -> Check:
    sentence = f"the changelog does not compare with the superseded release: {why}"
    return Check(_ID, "documents", "warned", sentence, (), hint)
