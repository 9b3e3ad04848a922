"""Renewed update metadata into a registry: another manifest under the same tag, the release as is.

Every layer but those of the metadata stays the very descriptor that it was. The tag is moved by one
request, when everything that the new manifest names is there; a digest goes on naming the old one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.errors import BadInput
from paddock.release.errors import RegistryRefused
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    SIGNATURE_NAME,
    UPDATES_FOLDER,
)
from paddock.release.publishing.oci.blobs import Blob, Sessions, pull_blob, push_blob
from paddock.release.publishing.oci.credentials import credentials_for
from paddock.release.publishing.oci.modelpack import (
    MANIFEST_TYPE,
    PackedFile,
    layer_of,
    render_json,
    with_layers,
)
from paddock.release.publishing.oci.pull import PulledFile, parse_pack
from paddock.release.publishing.oci.push import attach_signature, put_manifest
from paddock.release.publishing.oci.reference import OciReference
from paddock.release.publishing.oci.registry import Registry
from paddock.release.signatures.attaching import require_newer
from paddock.release.signatures.tuf.chain import TIMESTAMP_NAME, Chain

_PREFIX = f"{UPDATES_FOLDER}/"
_TIMESTAMP = f"{_PREFIX}{TIMESTAMP_NAME}"
MAX_CONFIG_BYTES = 4 << 20


class Renewed(NamedTuple):
    """What a tag names now."""

    reference: str
    digest: str
    changed: bool


def renew_pack(where: OciReference, chain: Chain, *, plain_http: bool, sessions: Path) -> Renewed:
    """Put the metadata beside the release under the tag.

    Raises BadInput for a release that it does not name, Conflict where newer metadata is there.
    """
    if where.digest is not None or where.tag is None:
        raise BadInput(f"{where} names no tag", hint="what a digest names never changes")
    with Registry(where, credentials_for(where.registry), plain_http=plain_http) as registry:
        _, raw = registry.ask(
            "GET", f"manifests/{where.manifest}", headers={"Accept": MANIFEST_TYPE}
        )
        files = {file.path: file for file in parse_pack(raw, where)}
        document = _object(raw, "the manifest")
        _require_ours(registry, files, chain)
        made = {f"{_PREFIX}{name}": Blob.of(content) for name, content in chain.files.items()}
        there = {path: file.digest for path, file in files.items() if path.startswith(_PREFIX)}
        if there == {path: blob.digest for path, blob in made.items()}:
            return Renewed(str(where), Blob.of(raw).digest, changed=False)
        layers = _layers(document, files, made)
        config = _config(registry, document, layers)
        manifest = Blob.of(with_layers(document, config, layers))
        kept = Sessions(sessions)
        for blob in (*made.values(), config):
            push_blob(registry, blob, kept)
        put_manifest(registry, manifest.digest, manifest, MANIFEST_TYPE)
        if (signature := files.get(SIGNATURE_NAME)) is not None:
            bundle = Blob(signature.digest.removeprefix("sha256:"), signature.size_bytes)
            attach_signature(registry, bundle, manifest, kept)
        put_manifest(registry, where.manifest, manifest, MANIFEST_TYPE)
    return Renewed(str(where), manifest.digest, changed=True)


def _require_ours(registry: Registry, files: dict[str, PulledFile], chain: Chain) -> None:
    """The release under the tag is named by this metadata, and has none that is newer."""
    if MANIFEST_NAME not in files:
        raise BadInput(f"{registry.where} holds no release")
    release = _content(registry, files[MANIFEST_NAME], MAX_MANIFEST_BYTES)
    older = files.get(_TIMESTAMP)
    timestamp = _content(registry, older, MAX_CONFIG_BYTES) if older is not None else None
    require_newer(chain, release, timestamp, str(registry.where))


def _layers(
    document: dict[str, Any], files: dict[str, PulledFile], made: dict[str, Blob]
) -> list[dict[str, Any]]:
    """All layers by path: those of the release as they were, those of the metadata anew."""
    found = {
        path: layer
        for path, layer in zip(files, document["layers"], strict=True)
        if not path.startswith(_PREFIX)
    }
    found |= {path: layer_of(PackedFile(path, "signature", blob)) for path, blob in made.items()}
    return [found[path] for path in sorted(found)]


def _config(registry: Registry, document: dict[str, Any], layers: list[dict[str, Any]]) -> Blob:
    """The pack's configuration with the digests of these layers."""
    said = document.get("config")
    digest, size = (
        (said.get("digest"), said.get("size")) if isinstance(said, dict) else (None, None)
    )
    if not isinstance(digest, str) or type(size) is not int or not 0 < size <= MAX_CONFIG_BYTES:
        raise RegistryRefused(f"{registry.where} has no configuration of a ModelPack")
    raw = _content(registry, PulledFile("config.json", digest, size), MAX_CONFIG_BYTES)
    config = _object(raw, "the configuration")
    listed = {"type": "layers", "diffIds": [layer["digest"] for layer in layers]}
    return Blob.of(render_json({**config, "modelfs": listed}))


def _content(registry: Registry, file: PulledFile, limit_bytes: int) -> bytes:
    if file.size_bytes > limit_bytes:
        raise RegistryRefused(f"{file.path} in {registry.where} has {file.size_bytes} bytes")
    with tempfile.TemporaryDirectory(prefix="paddock-renew-") as temporary:
        target = Path(temporary) / "content"
        pull_blob(registry, file.digest, file.size_bytes, target)
        return target.read_bytes()


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        return parse_object(raw, what, BadCheckpoint)
    except BadCheckpoint as e:
        raise RegistryRefused(e.message) from e
