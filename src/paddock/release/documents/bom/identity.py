"""What a release and its files are called in bills of materials, the same on every machine.

Pure. Names come from the root over the described files, so two builds of the same content have the
same serial number, and another content another one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import asdict
from urllib.parse import quote

from paddock.release.documents.content import DocumentContent
from paddock.release.files.manifest import manifest_root
from paddock.release.spec.publish import HUGGING_FACE_URL, HubDestination, HuggingFaceDestination

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:paddock:release")
# Files that others know by their purpose, in CycloneDX's words; the first match tells it.
_PURPOSES = (
    ("README.md", "model-card"),
    ("attestations/", "attestation"),
    (".eval_results/", "evidence"),
    ("documents/risks.md", "risk-assessment"),
    ("documents/CHANGELOG.md", "release-notes"),
    ("documents/", "documentation"),
    ("LICENSE", "license"),
    ("USE_POLICY", "license"),
)


def described_root(content: DocumentContent) -> str:
    """SHA-256 over path, size and digests of every described file."""
    rows = [asdict(file) for file in sorted(content.files, key=lambda file: file.path)]
    return manifest_root(rows)


def serial(content: DocumentContent, what: str = "") -> uuid.UUID:
    """The UUID of this content, or of one thing in it."""
    return uuid.uuid5(
        NAMESPACE, f"{content.name}@{content.version}:{described_root(content)}:{what}"
    )


def purl(content: DocumentContent) -> str:
    """The package URL: as declared, else of the repository it goes to, else of its name."""
    declared = content.spec.metadata.purl
    if declared is not None:
        return declared
    version = quote(content.version, safe="")
    if content.repo is not None:
        return f"pkg:huggingface/{quote(content.repo)}@{version}"
    return f"pkg:generic/{quote(content.name, safe='')}@{version}"


def download_location(content: DocumentContent) -> str | None:
    """Where the release can be fetched: the first public place it is published to."""
    for there in content.spec.publish:
        if isinstance(there, HuggingFaceDestination):
            return f"{(there.url or HUGGING_FACE_URL).rstrip('/')}/{there.repo}"
        if isinstance(there, HubDestination) and there.url:
            return f"{there.url.rstrip('/')}/{there.repo}"
        if getattr(there, "ref", None):
            return f"oci://{there.ref}"  # type: ignore[union-attr]
    declared = content.spec.metadata.purl
    return declared or (purl(content) if content.repo is not None else None)


def own_references(content: DocumentContent, beside: Collection[str]) -> list[tuple[str, str]]:
    """Files of the release that say more about it: purpose and relative address."""
    paths = sorted({file.path for file in content.files} | set(beside))
    found = []
    for path in paths:
        purpose = next((word for start, word in _PURPOSES if path.startswith(start)), None)
        if purpose is not None:
            found.append((purpose, quote(path)))
    return found
