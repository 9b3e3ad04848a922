"""A built release on its way out: every file in its folder, with the digest it leaves under.

Reads the folder as it is, so that whatever the build put there leaves: the files that release.json
lists under the digests it gives, and what lies outside of it (release.json itself, signatures,
freshness) as it is now. A file that nobody should have put there is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paddock.release.errors import SourceChanged
from paddock.release.files.folder import list_folder
from paddock.release.files.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, parse_manifest
from paddock.release.files.reading import digest_beneath, opened_folder, read_beneath


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file, what it is for, and what identifies its bytes."""

    path: str
    role: str
    component: str | None
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A release in a folder that nobody changes any more."""

    folder: Path
    name: str
    version: str
    root: str
    files: tuple[OutgoingFile, ...]  # all of them, sorted by path
    document: dict[str, object]  # release.json

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def outgoing(folder: Path) -> Outgoing:
    """What leaves; raises BadManifest, or SourceChanged when files and release.json disagree."""
    with opened_folder(folder) as folder_fd:
        listing = list_folder(folder_fd)
        if listing.problems:
            raise SourceChanged(f"{folder}: {listing.problems[0].sentence}")
        raw = read_beneath(folder_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES)
        manifest = parse_manifest(raw)
        listed = {file.path: file for file in manifest.files}
        if missing := sorted(listed.keys() - listing.files.keys()):
            raise SourceChanged(f"{missing[0]} is missing from {folder}")
        files = []
        for path, state in sorted(listing.files.items()):
            if (known := listed.get(path)) is not None:
                if state.size_bytes != known.size_bytes:
                    raise SourceChanged(f"{path} changed after it was signed")
                role, component, sha256 = known.role, known.component, known.sha256
            else:
                role, component = "signature", None
                sha256 = digest_beneath(folder_fd, path).sha256
            files.append(OutgoingFile(path, role, component, state.size_bytes, sha256))
    root = str(manifest.document["root"]["digest"])
    return Outgoing(folder, manifest.name, manifest.version, root, tuple(files), manifest.document)
