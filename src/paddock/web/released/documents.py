"""What a release carries to be read: which of its files are documents, and what each is for.

Pure. Texts are shown here, sanitised; data files have a page of their own under Files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from paddock.hub.types import FileEntry

MAX_DOCUMENTS = 200
_TITLES = {
    "README.md": "Model card",
    "documents/model-card.html": "Model card, as one page",
    "documents/openness.md": "Openness, component by component",
    "documents/openness.html": "Openness, as one page",
    "documents/changes.md": "What changed since the release before",
    "documents/changes.html": "What changed, as one page",
    "documents/bom.cdx.json": "Bill of materials (CycloneDX)",
    "documents/bom.spdx.json": "Bill of materials (SPDX)",
    "documents/facts.json": "Every fact, for programs",
    "documents/mof.yaml": "For the Model Openness Framework's own tool",
    "gate/decision.json": "What the gate decided",
    "gate/policy.yaml": "The policy it decided by",
    "attestations/gate.json": "The gate's verdict, as an attestation",
    "attestations/release.json": "What is in the release, as an attestation",
    "attestations/run.json": "That it opens and runs",
    "attestations/scan.json": "What scanners found",
    "release.json": "The release's statement, which is signed",
    "release.oms.json": "The signature (OpenSSF Model Signing)",
    "release.dsse.json": "Further signatures (DSSE)",
    "release.sigstore.json": "A signature by identity (sigstore)",
}
_FOLDERS = ("documents/", "attestations/", "gate/", "tuf/")
_READABLE = (".md", ".html")


class Document(NamedTuple):
    """A file to read."""

    path: str
    title: str
    size_bytes: int
    is_readable: bool  # here, as text


def documents_in(entries: Iterable[FileEntry]) -> list[Document]:
    """The documents among the files of a release."""
    found = [
        Document(entry.path, title_of(entry.path), entry.size_bytes, is_readable(entry.path))
        for entry in entries
        if entry.path in _TITLES or entry.path.startswith(_FOLDERS)
    ]
    found.sort(key=lambda each: (not each.is_readable, each.path not in _TITLES, each.path))
    return found[:MAX_DOCUMENTS]


def is_readable(path: str) -> bool:
    """Whether the file is a text that is shown."""
    return path.startswith("documents/") and path.endswith(_READABLE)


def title_of(path: str) -> str:
    """What a file of a release is."""
    if path.startswith("attestations/provenance-"):
        output = path.removeprefix("attestations/provenance-").removesuffix(".json")
        return f"How {output} was made (provenance)"
    if path.startswith("documents/croissant/"):
        return "A data set described (Croissant)"
    return _TITLES.get(path, path.rpartition("/")[2])
