"""What approvals are about: every file of the release but the gate's own evidence.

The same sum as the root in release.json, over fewer files: neither release.json nor signatures nor
what the gate writes, none of which exist when people decide. Reads a folder without following
links; everything in it counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from paddock.release.errors import BadManifest
from paddock.release.files.folder import digest_files, list_folder
from paddock.release.files.manifest import MANIFEST_NAME, ReleaseFile, manifest_root
from paddock.release.files.reading import digest_beneath, opened_folder

EVIDENCE_FOLDER = "gate"
ATTESTATION = "attestations/gate.json"


def is_evidence(path: str) -> bool:
    """Whether a file of a release was written by the gate."""
    return path == ATTESTATION or path.startswith(f"{EVIDENCE_FOLDER}/")


def content_root(files: Iterable[ReleaseFile]) -> str:
    """The root of a release's content, in any order of its files."""
    kept = [asdict(file) for file in files if not is_evidence(file.path)]
    return manifest_root(sorted(kept, key=lambda row: str(row["path"])))


def folder_root(folder: Path) -> str:
    """The root of a candidate on disk; raises BadManifest for a folder that is none."""
    with opened_folder(folder) as folder_fd:
        listing = list_folder(folder_fd)
        if listing.problems:
            raise BadManifest(f"{folder}: {listing.problems[0].sentence}")
        if MANIFEST_NAME in listing.files:
            raise BadManifest(f"{folder} is a finished release, not a candidate")
        found, problems = digest_files(folder_fd, sorted(listing.files), digest_beneath)
    if problems:
        raise BadManifest(f"{folder}: {problems[0].sentence}")
    return content_root(ReleaseFile(path, "", None, *found[path]) for path in sorted(found))
