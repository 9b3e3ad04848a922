"""A revision's files as a folder on this machine, to be loaded from.

Bytes that lie on this disk get a second name; others are copied. What a scan rejected is refused as
it is to a stranger. A few folders are kept, named by commit; a commit never changes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
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
from paddock.serve.models.verifying import Rules, verified
from paddock.storage.errors import os_errors

MAX_KEPT: Final = 16  # folders; those of loaded models may go, since their weights are mapped


@dataclass(frozen=True, slots=True)
class OwnSource:
    """A revision of a repository of this hub; a ``Source``."""

    hub: Hub
    folder: Path  # of all such folders
    rules: Rules
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
        return verified(target, self.rules)

    def _write(self, target: Path) -> None:
        with os_errors("writing out a model"):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = Path(tempfile.mkdtemp(prefix="partial-", dir=self.folder))
            try:
                for path, content in self._contents():
                    place = partial / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    _put(content, place)
                partial.rename(target)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise

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
        kept = sorted(self.folder.glob("*-*"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-MAX_KEPT]:
            shutil.rmtree(path, ignore_errors=True)


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
