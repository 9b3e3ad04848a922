"""Where a candidate is that the gate keeps for reviewers."""

from __future__ import annotations

from pathlib import Path

from paddock.errors import NotFound
from paddock.release.gate.release_file import ReleaseFile


def find_candidate(file: ReleaseFile, given: Path | None) -> Path:
    """The folder that was given, or the work folder's, beside release.yaml or here."""
    if given is not None:
        if not given.is_dir():
            raise NotFound(f"there is no folder {given}")
        return given
    metadata = file.spec.metadata
    for beside in (file.base, Path()):
        candidate = beside / f".{metadata.name}-{metadata.version}.work" / "candidate"
        if candidate.is_dir():
            return candidate
    raise NotFound(
        f"there is no candidate of {metadata.name} {metadata.version} here",
        hint="paddock release build makes one, and says where; name its folder with --candidate",
    )
