"""Pushes a release to a registry: every file, then the manifest, then the tag; or nothing.

A tag is moved by one request, when everything that it names is there, so nobody ever pulls half a
release. A version that the registry has with other content is refused. The signature is attached
to the manifest as well, by the referrers API or, where a registry lacks it, by its tag scheme.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddock.release.errors import VersionTaken
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME, vouches
from paddock.release.publishing.oci.blobs import Blob, Sessions, push_blob
from paddock.release.publishing.oci.credentials import credentials_for
from paddock.release.publishing.oci.model_config import describe_model, licence_of
from paddock.release.publishing.oci.modelpack import (
    EMPTY,
    INDEX_TYPE,
    MANIFEST_TYPE,
    TITLE_KEY,
    PackedFile,
    render_config,
    render_index,
    render_manifest,
    render_referrer,
)
from paddock.release.publishing.oci.pull import parse_pack
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
    config = Blob.of(render_config(describe_model(release.document), files))
    manifest = Blob.of(render_manifest(config, files, _annotations(release)))
    with Registry(where, credentials_for(where.registry), plain_http=plain_http) as registry:
        there = _there(registry, where)
        if there is not None and there.digest != manifest.digest:
            if _is_same_release(there.content, where, files):
                return _already(release, where, there)
            raise VersionTaken(
                f"{where} is there with other content",
                hint="raise metadata.version in release.yaml; published versions do not change",
            )
        progress(f"uploading {len(files)} files to {where}")
        kept = Sessions(sessions)
        blobs = {blob.digest: blob for blob in [*(file.blob for file in files), config]}
        sent = sum(push_blob(registry, blob, kept) for blob in blobs.values())
        put_manifest(registry, manifest.digest, manifest, MANIFEST_TYPE)
        if (signature := next((f for f in files if f.path == SIGNATURE_NAME), None)) is not None:
            attach_signature(registry, signature.blob, manifest, kept)
        if there is None:
            put_manifest(registry, where.manifest, manifest, MANIFEST_TYPE)
    if there is not None:
        return _already(release, where, manifest)
    return Pushed(
        reference=str(where),
        digest=manifest.digest,
        files=len(files),
        size_bytes=release.size_bytes,
        sent=sent,
        changed=True,
        sentence=f"published {where} ({manifest.digest[:19]})",
    )


def _already(release: Outgoing, where: OciReference, manifest: Blob) -> Pushed:
    sentence = f"{release.name} {release.version} is already published as {where}: nothing to do"
    return Pushed(
        str(where), manifest.digest, len(release.files), release.size_bytes, 0, False, sentence
    )


def _is_same_release(raw: bytes, where: OciReference, files: Sequence[PackedFile]) -> bool:
    """Whether a tag names this release, signed by whatever release.json names.

    Some kinds of keys sign differently each time, and update metadata is renewed: neither makes
    another release, while release.json binds every other byte.
    """
    there = {file.path: file.digest for file in parse_pack(raw, where)}
    ours = {file.path: file.blob.digest for file in files}
    return _release_alone(there) == _release_alone(ours)


def _release_alone(digests: Mapping[str, str]) -> dict[str, str]:
    return {p: digest for p, digest in digests.items() if p == MANIFEST_NAME or not vouches(p)}


def attach_signature(registry: Registry, bundle: Blob, manifest: Blob, sessions: Sessions) -> None:
    """Let other tools find the bundle by the manifest's digest."""
    referrer = Blob.of(render_referrer(manifest, bundle))
    push_blob(registry, EMPTY, sessions)
    understood = put_manifest(registry, referrer.digest, referrer, MANIFEST_TYPE)
    if understood == manifest.digest:
        return
    tag = manifest.digest.replace(":", "-")
    answer, body = registry.ask(
        "GET", f"manifests/{tag}", headers={"Accept": _ACCEPT}, fine=_NOT_FOUND
    )
    known = json.loads(body).get("manifests", []) if answer.status_code == 200 else []
    put_manifest(registry, tag, Blob.of(render_index(known, referrer)), INDEX_TYPE)


def _there(registry: Registry, where: OciReference) -> Blob | None:
    """The manifest under a tag, its digest computed here; None when there is none."""
    answer, body = registry.ask(
        "GET", f"manifests/{where.manifest}", headers={"Accept": _ACCEPT}, fine=_NOT_FOUND
    )
    return Blob.of(body) if answer.status_code == 200 else None


def put_manifest(registry: Registry, name: str, manifest: Blob, media_type: str) -> str | None:
    """Store a manifest; the subject that the registry understood, if it says so."""
    answer, _ = registry.ask(
        "PUT",
        f"manifests/{name}",
        headers={"Content-Type": media_type},
        content=manifest.content,
    )
    subject: str | None = answer.headers.get("oci-subject")
    return subject


def _annotations(release: Outgoing) -> dict[str, str]:
    annotations = {
        TITLE_KEY: release.name,
        "org.opencontainers.image.version": release.version,
        "org.opencontainers.image.licenses": licence_of(release.document),
        "dev.paddock.release.root": release.root,
    }
    return {key: str(value) for key, value in annotations.items() if value}
