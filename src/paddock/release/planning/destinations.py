"""Folders that a release would be written to: what is wrong with them, before anything is built.

Looks at names and at release.json alone; whether a release that is there is whole is read when it
is published. Nothing of this gets into the release: it is about this machine, today.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from paddock.errors import PaddockError
from paddock.release.evidence import Check
from paddock.release.files.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, parse_manifest
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.spec.publish import FolderDestination
from paddock.release.spec.release_spec import ReleaseSpec


class Wrong(NamedTuple):
    """Why a release cannot go there, and what to do."""

    sentence: str
    hint: str


def folder_checks(spec: ReleaseSpec, base: Path, source: Path) -> Iterator[Check]:
    """One unmet condition for every folder of ``publish`` that cannot take this release."""
    name, version = spec.metadata.name, spec.metadata.version
    for there in spec.publish:
        if not isinstance(there, FolderDestination):
            continue
        folder = base / there.path
        found = _leads_out(folder, base) or (
            None if source.resolve() == base.resolve() else inside_source(folder, source)
        )
        if found := found or taken(folder, name, version):
            id_ = f"integrity.destination:{there.path}"
            yield Check(id_, "integrity", "unmet", found.sentence, hint=found.hint)


def inside_source(folder: Path, source: Path) -> Wrong | None:
    """Whether what is written there would be part of the next release."""
    resolved, within = folder.resolve(), source.resolve()
    if resolved != within and not resolved.is_relative_to(within):
        return None
    return Wrong(
        f"{folder} is inside the source, {source}: it would be part of the next release",
        "name a folder beside the source",
    )


def taken(folder: Path, name: str, version: str) -> Wrong | None:
    """Whether something else than this version is there already."""
    if not folder.exists():
        return None
    if not folder.is_dir():
        return Wrong(f"{folder} is a file", "name a folder")
    if not any(folder.iterdir()):
        return None
    found = _release_in(folder)
    if found == (name, version):
        return None
    holds = "holds files that are no release" if found is None else f"holds {' '.join(found)}"
    hint = f"nothing is overwritten: name a folder of its own, such as {folder / version}"
    if found is not None or (folder / version).exists():
        hint = f"nothing is overwritten: name another, such as {folder.name}-{version}"
    return Wrong(f"{folder} {holds}", hint)


def _leads_out(folder: Path, base: Path) -> Wrong | None:
    if folder.resolve().is_relative_to(base.resolve()):
        return None
    return Wrong(
        f"{folder} leads out of the folder of the release file, through a link",
        "name a folder beside the release file, or build into one with -o",
    )


def _release_in(folder: Path) -> tuple[str, str] | None:
    try:
        with opened_folder(folder) as folder_fd:
            manifest = parse_manifest(read_beneath(folder_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES))
    except (OSError, PaddockError):
        return None
    return manifest.name, manifest.version
