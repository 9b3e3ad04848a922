"""The candidate: every file of the release, put together out of finished steps.

Files of steps get a second name instead of a copy, so that nothing is written twice; what comes
from the source is copied by a step of its own. Knows paths and digests, not what files mean.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from paddock.digest import Digests
from paddock.errors import TooLarge
from paddock.release.building.stage import Stage
from paddock.release.building.steps import Finished, Made, Steps, step_key
from paddock.release.files.copying import copy_files, write_content
from paddock.release.files.reading import opened_folder, read_beneath

MAX_TEXT_BYTES = 1 << 20  # of a file that something is added to
_VERSION = 1


def copy_step(stage: Stage, paths: Iterable[str], steps: Steps, *, shares_files: bool) -> Finished:
    """These files of the stage as they are, read once."""
    wanted = sorted(paths)
    key, of_copies = (
        step_key(_VERSION, stage=stage.key, paths=wanted, shares_files=shares)
        for shares in (shares_files, False)
    )

    def make(folder: Path) -> Made:
        with opened_folder(stage.folder) as stage_fd:
            return Made(copy_files(stage_fd, wanted, folder, may_link=shares_files))

    return steps.run("files", key, make, or_key=of_copies)


class Candidate:
    """A folder that grows file by file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests: dict[str, Digests] = {}
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        folder.chmod(0o755)

    def take(self, made: Finished) -> None:
        """All files of a step; a path that is there already stays as it is."""
        for path, digests in made.files.items():
            if path not in self.digests:
                self._link(made.folder / path, path)
                self.digests[path] = digests

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Files that were made in memory, also in the place of one that is there."""
        for path, content in sorted(contents.items()):
            place = self._place(path)
            place.unlink(missing_ok=True)  # a second name of a step's file, not the file itself
            self.digests[path] = write_content(content, place)

    def content(self, path: str) -> bytes:
        """What a small file of it says, empty for one that is not there."""
        if path not in self.digests:
            return b""
        with opened_folder(self.folder) as folder_fd:
            raw = read_beneath(folder_fd, path, MAX_TEXT_BYTES)
        if len(raw) > MAX_TEXT_BYTES:
            raise TooLarge(f"{path} is larger than {MAX_TEXT_BYTES} bytes")
        return raw

    def _place(self, path: str) -> Path:
        place = self.folder / path
        for folder in reversed(place.relative_to(self.folder).parents[:-1]):
            inner = self.folder / folder
            if not inner.exists():
                inner.mkdir()
                inner.chmod(0o755)  # whatever this user's mask is
        return place

    def _link(self, made: Path, path: str) -> None:
        place = self._place(path)
        try:
            os.link(made, place, follow_symlinks=False)
        except OSError:  # a file system without links
            shutil.copyfile(made, place, follow_symlinks=False)
            place.chmod(0o644)
