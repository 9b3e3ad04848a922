"""A parent that is a signed release: its licence and its own lineage, from what was signed.

Pure. A release.json counts when a trusted key signed it; then it is read instead of what this
release's author says about the parent, and nothing that it says leads to reading anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from paddock.digest import sha256_hex
from paddock.errors import PaddockError
from paddock.release.files.manifest import MANIFEST_NAME, Manifest, parse_manifest
from paddock.release.licences.origins import Origin
from paddock.release.licences.terms import EDGES, Edge
from paddock.release.signatures.oms import parse_statement
from paddock.signing.envelope import is_signed_by, parse_bundle
from paddock.signing.keys import TrustedKey

MAX_ANCESTORS = 200
MAX_EDGES = 20


class ParentRelease(NamedTuple):
    """What a parent's release says, or why it is not believed."""

    origins: tuple[Origin, ...] = ()
    files: Mapping[str, str] = {}
    root: str | None = None
    sha256: str | None = None  # of release.json: the root binds files alone
    signed_by: str | None = None
    problem: str | None = None


def read_parent_release(
    id_: str, raw: bytes, bundle: bytes | None, trust: Sequence[TrustedKey]
) -> ParentRelease:
    """The origins that a parent's release.json tells of, with the parent itself first."""
    try:
        if bundle is None:
            return ParentRelease(problem="it is not signed")
        envelope = parse_bundle(bundle)
        signer = next((key for key in trust if is_signed_by(envelope, key.public)), None)
        if signer is None:
            return ParentRelease(problem="no key that you trust signed it")
        if parse_statement(envelope.payload).files.get(MANIFEST_NAME) != sha256_hex(raw):
            return ParentRelease(problem=f"{MANIFEST_NAME} is not the one that was signed")
        manifest = parse_manifest(raw)
        origins = tuple(_origins(id_, manifest))
    except PaddockError as e:
        return ParentRelease(problem=e.message)
    root = manifest.document["root"]["digest"]
    files = {file.path: file.sha256 for file in manifest.files}
    return ParentRelease(origins, files, root, sha256_hex(raw), signer.fingerprint)


def _origins(id_: str, manifest: Manifest) -> Iterator[Origin]:
    licences = manifest.document.get("licenses")
    said = licences.get("distribution") if isinstance(licences, dict) else None
    yield Origin(id_, (), said if isinstance(said, str) else None, "inherited")
    whole = manifest.document.get("ancestors")
    if isinstance(whole, list):  # every ancestor, as far back as was known when it was built
        for row in whole[:MAX_ANCESTORS]:
            yield from _ancestor(row)
        return
    lineage = manifest.document.get("lineage")
    if not isinstance(lineage, dict):
        return
    for key in ("base_model", "distilled_from", "trained_on_outputs_of"):
        rows = lineage.get(key)
        for row in rows[:MAX_ANCESTORS] if isinstance(rows, list) else []:
            if isinstance(row, dict):
                edge = row.get("relation", "finetune") if key == "base_model" else key
                yield from _ancestor({**row, "path": [edge]})


def _ancestor(row: Any) -> Iterator[Origin]:
    """A row ``{id, path, license, modified}``; one that nobody honest writes is left out."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return
    path, licence = row.get("path"), row.get("license")
    if not isinstance(path, list) or not 0 < len(path) <= MAX_EDGES:
        return
    edges: tuple[Edge, ...] = tuple(edge for edge in EDGES for step in path if step == edge)
    if len(edges) == len(path):
        ordered = tuple(next(edge for edge in EDGES if edge == step) for step in path)
        text = licence if isinstance(licence, str) else None
        yield Origin(row["id"][:200], ordered, text, "inherited", row.get("modified") is not False)


def ancestors_to_json(origins: Sequence[Origin]) -> list[dict[str, Any]]:
    """Rows for release.json, so that whoever builds on this release inherits what it inherited."""
    rows = [
        {"id": o.id, "path": list(o.path), "license": o.licence, "modified": o.modified}
        for o in origins
        if not o.is_own
    ]
    told = [{k: v for k, v in row.items() if v is not None} for row in rows]
    return [row for number, row in enumerate(told) if row not in told[:number]]
