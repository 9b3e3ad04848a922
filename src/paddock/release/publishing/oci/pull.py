"""Brings a ModelPack from a registry into a folder, to be judged there.

Nothing of it is believed: names are checked before a file is made, sizes bound what is written,
digests are those of the manifest, and whether the manifest is the right one is for ``verify`` to
say. A pull that stopped goes on where it was when it is asked again for the same folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.release.errors import RegistryRefused
from paddock.release.files.paths import collision_key, path_problem
from paddock.release.publishing.oci.blobs import Blob, pull_blob
from paddock.release.publishing.oci.credentials import credentials_for
from paddock.release.publishing.oci.modelpack import (
    ARTIFACT_TYPE,
    MANIFEST_TYPE,
    PATH_KEY,
    TITLE_KEY,
)
from paddock.release.publishing.oci.reference import OciReference
from paddock.release.publishing.oci.registry import Registry

MAX_FILES = 100_000
MAX_FILE_BYTES = 1 << 44


class PulledFile(NamedTuple):
    """A layer: where it goes, and which bytes it is."""

    path: str
    digest: str
    size_bytes: int


def pull_release(where: OciReference, folder: Path, *, plain_http: bool) -> str:
    """Write every file of the manifest below ``folder``; the manifest's digest."""
    with Registry(where, credentials_for(where.registry), plain_http=plain_http) as registry:
        _, raw = registry.ask(
            "GET", f"manifests/{where.manifest}", headers={"Accept": MANIFEST_TYPE}
        )
        digest = Blob.of(raw).digest
        if where.digest not in (None, digest):
            raise RegistryRefused(f"the registry sent another manifest than {where.digest}")
        for file in parse_pack(raw, where):
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            pull_blob(registry, file.digest, file.size_bytes, target)
            target.chmod(0o644)
    return digest


def parse_pack(raw: bytes, where: OciReference) -> list[PulledFile]:
    """The files of a ModelPack; RegistryRefused for anything else."""
    try:
        manifest = parse_object(raw, "the manifest", BadCheckpoint)
    except BadCheckpoint as e:
        raise RegistryRefused(f"{where}: {e.message}") from e
    if manifest.get("artifactType") != ARTIFACT_TYPE:
        kind = shown(str(manifest.get("artifactType") or manifest.get("mediaType")))
        raise RegistryRefused(f"{where} is {kind}, not a ModelPack")
    layers = manifest.get("layers")
    if not isinstance(layers, list) or not 0 < len(layers) <= MAX_FILES:
        raise RegistryRefused(f"{where} has no files, or more than {MAX_FILES}")
    files = [_file(layer, where) for layer in layers]
    if len({collision_key(file.path) for file in files}) != len(files):
        raise RegistryRefused(f"{where} has two files of one name")
    folders = {collision_key(str(p)) for f in files for p in Path(f.path).parents}
    if folders & {collision_key(file.path) for file in files}:
        raise RegistryRefused(f"{where} has a file where a folder must be")
    return files


def _file(layer: Any, where: OciReference) -> PulledFile:
    notes = layer.get("annotations") if isinstance(layer, dict) else None
    path = (notes.get(PATH_KEY) or notes.get(TITLE_KEY)) if isinstance(notes, dict) else None
    if not isinstance(path, str) or (problem := path_problem(path)) is not None:
        reason = problem if isinstance(path, str) else "it has no name"
        raise RegistryRefused(f"{where} has a layer {shown(str(path))}: {reason}")
    if not str(layer.get("mediaType", "")).endswith(".v1.raw"):
        kind = shown(str(layer.get("mediaType")))
        raise RegistryRefused(f"{path} in {where} is {kind}: only raw layers are brought here")
    digest, size = str(layer.get("digest", "")), layer.get("size")
    if not digest.startswith("sha256:") or not is_sha256(digest[7:]):
        raise RegistryRefused(f"{path} in {where} has the digest {shown(digest)}")
    if type(size) is not int or not 0 <= size <= MAX_FILE_BYTES:
        raise RegistryRefused(f"{path} in {where} has the size {shown(str(size))}")
    return PulledFile(path, digest, size)
