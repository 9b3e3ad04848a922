"""Pushes a release to a registry: every file, then the manifest, then the tag; or nothing.

A tag is moved by one request, when everything that it names is there, so nobody ever pulls half a
release. A version that the registry has with other content is refused. The signature is attached
to the manifest as well, by the referrers API or, where a registry lacks it, by its tag scheme.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock.release.errors import VersionTaken
from paddock.release.files.manifest import SIGNATURE_NAME
from paddock.release.publishing.oci.blobs import Blob, Sessions, push_blob
from paddock.release.publishing.oci.credentials import credentials_for
from paddock.release.publishing.oci.modelpack import (
    EMPTY,
    INDEX_TYPE,
    MANIFEST_TYPE,
    PackedFile,
    render_config,
    render_index,
    render_manifest,
    render_referrer,
)
from paddock.release.publishing.oci.reference import OciReference, parse_reference
from paddock.release.publishing.oci.registry import Registry
from paddock.release.publishing.outgoing import Outgoing

_ACCEPT = f"{MANIFEST_TYPE}, {INDEX_TYPE}"
_NOT_FOUND = frozenset({404})


@dataclass(frozen=True, slots=True)
class Pushed:
    """A release in a registry."""

    reference: str
    digest: str
    files: int
    size_bytes: int
    sent: int  # files that were not there already
    changed: bool
    sentence: str


def require_registry(reference: str, *, plain_http: bool) -> None:
    """Raise unless the registry answers and knows us, as far as it says before an upload."""
    where = parse_reference(reference)
    with Registry(where, credentials_for(where.registry), plain_http=plain_http) as registry:
        registry.ask("GET", "/v2/")


def push_release(
    release: Outgoing,
    where: OciReference,
    *,
    plain_http: bool,
    sessions: Path,
    progress: Callable[[str], None],
) -> Pushed:
    """Make the tag name exactly this release; ``sessions`` remembers where uploads were."""
    where = where._replace(tag=where.tag or release.version.replace("+", "_"))
    files = [
        PackedFile(
            file.path,
            file.role,
            Blob(file.sha256, file.size_bytes, release.folder / file.path),
            file.component,
        )
        for file in release.files
    ]
    config = Blob.of(render_config(_about(release), files))
    manifest = Blob.of(render_manifest(config, files, _annotations(release)))
    with Registry(where, credentials_for(where.registry), plain_http=plain_http) as registry:
        there = _digest_of(registry, where.manifest)
        if there not in (None, manifest.digest):
            raise VersionTaken(
                f"{where} is there with other content",
                hint="raise metadata.version in release.yaml; published versions do not change",
            )
        progress(f"uploading {len(files)} files to {where}")
        kept = Sessions(sessions)
        blobs = {blob.digest: blob for blob in [*(file.blob for file in files), config]}
        sent = sum(push_blob(registry, blob, kept) for blob in blobs.values())
        _put(registry, manifest.digest, manifest, MANIFEST_TYPE)
        _attach_signature(registry, release, manifest)
        if there is None:
            _put(registry, where.manifest, manifest, MANIFEST_TYPE)
    done = "published" if there is None else "is already published as"
    return Pushed(
        reference=str(where),
        digest=manifest.digest,
        files=len(files),
        size_bytes=release.size_bytes,
        sent=sent,
        changed=there is None,
        sentence=f"{done} {where} ({manifest.digest[:19]})"
        if there is None
        else f"{release.name} {release.version} {done} {where}: nothing to do",
    )


def _attach_signature(registry: Registry, release: Outgoing, manifest: Blob) -> None:
    """Let other tools find the bundle by the manifest's digest."""
    signature = next((f for f in release.files if f.path == SIGNATURE_NAME), None)
    if signature is None:
        return
    bundle = Blob(signature.sha256, signature.size_bytes, release.folder / signature.path)
    referrer = Blob.of(render_referrer(manifest, bundle))
    push_blob(registry, EMPTY, Sessions(release.folder.parent / ".uploads"))
    understood = _put(registry, referrer.digest, referrer, MANIFEST_TYPE)
    if understood == manifest.digest:
        return
    tag = manifest.digest.replace(":", "-")
    answer, body = registry.ask(
        "GET", f"manifests/{tag}", headers={"Accept": _ACCEPT}, fine=_NOT_FOUND
    )
    known = json.loads(body).get("manifests", []) if answer.status_code == 200 else []
    _put(registry, tag, Blob.of(render_index(known, referrer)), INDEX_TYPE)


def _digest_of(registry: Registry, name: str) -> str | None:
    """The digest of the manifest under a tag, computed here; None when there is none."""
    answer, body = registry.ask(
        "GET", f"manifests/{name}", headers={"Accept": _ACCEPT}, fine=_NOT_FOUND
    )
    return Blob.of(body).digest if answer.status_code == 200 else None


def _put(registry: Registry, name: str, manifest: Blob, media_type: str) -> str | None:
    """Store a manifest; the subject that the registry understood, if it says so."""
    answer, _ = registry.ask(
        "PUT",
        f"manifests/{name}",
        headers={"Content-Type": media_type},
        content=manifest.content,
    )
    subject: str | None = answer.headers.get("oci-subject")
    return subject


def _about(release: Outgoing) -> dict[str, Any]:
    """What ModelPack's configuration says of the model: only what release.json says."""
    said = release.document
    metadata, producer = _mapping(said.get("metadata")), _mapping(said.get("producer"))
    facts = {
        fact.get("key"): fact.get("value")
        for fact in _mapping(said.get("model")).get("facts", [])
        if isinstance(fact, dict)
    }
    licence = _mapping(said.get("licenses")).get("distribution")
    descriptor = {
        "name": release.name,
        "version": release.version,
        "title": f"{release.name} {release.version}",
        "description": metadata.get("description"),
        "vendor": producer.get("name"),
        "authors": [producer["contact"]] if producer.get("contact") else None,
        "family": "llama",
        "licenses": [licence] if isinstance(licence, str) and licence != "unknown" else None,
        "createdAt": f"{metadata['date']}T00:00:00Z" if metadata.get("date") else None,
    }
    parameters = facts.get("model.parameters")
    config = {
        "architecture": "transformer",
        "format": "safetensors",
        "paramSize": str(parameters) if isinstance(parameters, int) else None,
    }
    return {"descriptor": _without_nothing(descriptor), "config": _without_nothing(config)}


def _annotations(release: Outgoing) -> dict[str, str]:
    licence = _mapping(release.document.get("licenses")).get("distribution")
    annotations = {
        TITLE: release.name,
        "org.opencontainers.image.version": release.version,
        "org.opencontainers.image.licenses": licence if licence != "unknown" else None,
        "dev.paddock.release.root": release.root,
    }
    return {key: str(value) for key, value in annotations.items() if value}


TITLE = "org.opencontainers.image.title"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _without_nothing(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
