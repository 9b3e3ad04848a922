"""A revision's files as a folder on this machine, to be loaded from.

Bytes that lie on this disk get a second name; others are copied. What a scan rejected is refused as
it is to a stranger. A few folders are kept, named by commit; a commit never changes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paddock.hub.context import Hub
from paddock.hub.git import files
from paddock.hub.large.content import Content, open_content
from paddock.hub.lookup import repository_by_id
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import ANONYMOUS
from paddock.serve.models.verifying import verified
from paddock.storage.errors import os_errors
from paddock.web.serving.trusting import Trusting

MAX_KEPT: Final = 16  # folders; those of loaded models may go, since their weights are mapped
_PARTIAL: Final = "partial-"  # begins the names of folders that are being written
_PARTIAL_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class OwnSource:
    """A revision of a repository of this hub; a ``Source``."""

    hub: Hub
    folder: Path  # of all such folders
    trusting: Trusting
    repo_id: int
    commit_oid: str
    root: str
    created: int
    repository: str

    @property
    def key(self) -> str:
        return f"own:{self.repo_id}:{self.commit_oid}"

    def fetch(self) -> Path:
        target = self.folder / f"{self.repo_id}-{self.commit_oid}"
        if not target.is_dir():
            self._write(target)
        os.utime(target)
        self._forget_oldest()
        return verified(target, self.trusting.rules(self.repository))

    def _write(self, target: Path) -> None:
        with os_errors("writing out a model"):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=self.folder))
            try:
                for path, content in self._contents():
                    place = partial / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    _put(content, place)
                _become(partial, target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)

    def _contents(self) -> list[tuple[str, Content]]:
        found = []
        with self.hub.database.read() as conn:
            repo = repository_by_id(conn, self.repo_id)
            for entry in files.all_files(conn, repo, self.commit_oid):
                leaving.require_entry(Asking(self.hub, conn, ANONYMOUS, repo), entry)
                if files.may_exist(entry.path):
                    found.append((entry.path, open_content(self.hub, repo, entry, conn)))
        return found

    def _forget_oldest(self) -> None:
        """But none that somebody writes: only one that was begun long ago is nobody's."""
        kept = sorted(_touched(self.folder.glob("[0-9]*-*")))
        begun = [each for each in _touched(self.folder.glob(f"{_PARTIAL}*")) if each[0] < _old()]
        for _seconds, path in (*kept[:-MAX_KEPT], *begun):
            shutil.rmtree(path, ignore_errors=True)


def _become(partial: Path, target: Path) -> None:
    """A whole folder under its name; where another process was faster, its own is as good."""
    try:
        partial.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _touched(folders: Iterable[Path]) -> Iterator[tuple[float, Path]]:
    """With when they were used last; others may forget folders at the same time."""
    for folder in folders:
        with suppress(FileNotFoundError):
            yield folder.stat().st_mtime, folder


def _old() -> float:
    return time.time() - _PARTIAL_SECONDS


def _put(content: Content, place: Path) -> None:
    if content.local_path is not None:
        try:
            os.link(content.local_path, place)
            return
        except OSError:  # another file system
            pass
    with place.open("xb") as file:
        for piece in content.read(0, content.size_bytes):
            file.write(piece)
