"""The ModelPacks that a registry's repository has under its tags: listed, and their files brought.

Judges nothing. Manifests without a tag cannot be listed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.errors import NotFound, shown
from paddock.release.building.published import PublishedFile, Revision, Revisions
from paddock.release.errors import RegistryRefused
from paddock.release.publishing.oci.blobs import Blob, pull_blob
from paddock.release.publishing.oci.credentials import credentials_for
from paddock.release.publishing.oci.modelpack import MANIFEST_TYPE
from paddock.release.publishing.oci.pull import parse_pack
from paddock.release.publishing.oci.reference import OciReference, parse_reference
from paddock.release.publishing.oci.registry import Registry
from paddock.release.spec.publish import OciDestination

MAX_TAGS = 1000
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_REFERRERS = re.compile(r"sha256-[0-9a-f]{64}")  # the specification's own: lists of signatures


def pack(there: OciDestination, version: str) -> Revision | None:
    """The manifest under the destination's tag, or under the version where it names none."""
    named = parse_reference(there.ref)
    tag = version if named.tag is None else named.tag
    try:
        return _manifest(there, tag)
    except NotFound:
        return None


def packs(there: OciDestination) -> Revisions:
    """Every manifest that a tag names; a tag of something else is told as not listed."""
    found, unlisted = dict[str, Revision](), list[str]()
    tags = _tags(there)
    for tag in tags[:MAX_TAGS]:
        try:
            each = _manifest(there, tag)
        except (NotFound, RegistryRefused) as e:
            unlisted.append(f"the tag {shown(tag)} ({e.message})")
            continue
        found.setdefault(each.id, each)
    if len(tags) > MAX_TAGS:
        unlisted.append(f"{len(tags) - MAX_TAGS} of {len(tags)} tags")
    return Revisions(tuple(found.values()), tuple(unlisted))


def _tags(there: OciDestination) -> list[str]:
    """Every tag of the registry's repository, sorted; none when there is no such repository."""
    try:
        _, raw = _asked(there, "tags/list")
    except NotFound:
        return []
    tags = _object(raw).get("tags") or []
    if not isinstance(tags, list):
        raise RegistryRefused(f"{there.ref}: the registry's list of tags is none")
    for tag in tags:
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            raise RegistryRefused(f"{there.ref}: {shown(str(tag))} is no tag")
    return sorted(tag for tag in tags if not _REFERRERS.fullmatch(tag))


def _manifest(there: OciDestination, tag: str) -> Revision:
    where, raw = _asked(there, f"manifests/{tag}", MANIFEST_TYPE)
    files = parse_pack(raw, where)
    return Revision(
        Blob.of(raw).digest, tuple(PublishedFile(f.path, f.size_bytes, f.digest) for f in files)
    )


def _asked(
    there: OciDestination, path: str, accept: str = "application/json"
) -> tuple[OciReference, bytes]:
    where = parse_reference(there.ref)
    known = credentials_for(where.registry)
    with Registry(where, known, plain_http=there.plain_http) as registry:
        return where, registry.ask("GET", path, headers={"Accept": accept})[1]


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return parse_object(raw, "the list of tags", BadCheckpoint)
    except BadCheckpoint as e:
        raise RegistryRefused(e.message) from e


def bring_from_registry(
    there: OciDestination, files: Sequence[PublishedFile], folder: Path
) -> None:
    """Write the files below ``folder``, each from where it stopped, checked to the bit."""
    where = parse_reference(there.ref)
    known = credentials_for(where.registry)
    with Registry(where, known, plain_http=there.plain_http) as registry:
        for file in files:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            pull_blob(registry, file.id, file.size_bytes, target)
