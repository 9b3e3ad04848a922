"""A release into a folder: a copy that is there whole, or not at all.

A release that is there already is read to the last byte before it is called the same.
"""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.errors import OutputExists
from paddock.checkpoint.output_folder import new_folder
from paddock.release.errors import SourceChanged
from paddock.release.files.copying import copy_files
from paddock.release.files.manifest import MANIFEST_NAME
from paddock.release.files.reading import opened_folder
from paddock.release.publishing.outgoing import Outgoing
from paddock.release.verifying.verify import verify_folder


def copy_release(release: Outgoing, target: Path) -> bool:
    """Whether anything had to be copied; raises OutputExists, SourceChanged."""
    if _is_there(release, target):
        return False
    signed = {file.path: file.sha256 for file in release.files}
    with opened_folder(release.folder) as source_fd, new_folder(target) as partial:
        copied = copy_files(source_fd, signed, partial)
        if wrong := [path for path in signed if copied[path].sha256 != signed[path]]:
            raise SourceChanged(f"{wrong[0]} changed after it was signed")
    return True


def _is_there(release: Outgoing, target: Path) -> bool:
    there = target / MANIFEST_NAME  # which binds every byte but those of signatures
    if not there.is_file() or there.read_bytes() != (release.folder / MANIFEST_NAME).read_bytes():
        return False
    verdict = verify_folder(target, [])
    if verdict.integrity != "intact":
        raise OutputExists(
            f"{target} holds {release.name} {release.version}, but not as it was signed: "
            f"{verdict.reasons[0]}",
            hint="see `paddock verify`; remove the folder, and publish again",
        )
    return True
