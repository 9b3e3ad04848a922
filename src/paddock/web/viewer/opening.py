"""The file that a view asks for, among those of the repository that are tables, opened to be read.

Whoever may not have its bytes gets none of its rows: the same rules as for a download decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from paddock.errors import Forbidden, PaddockError, shown
from paddock.hub.context import Hub
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files, refs
from paddock.hub.large.content import Content
from paddock.hub.previews.asking import open_for_preview
from paddock.hub.previews.formats import Format, Packing, format_of, packing_of
from paddock.hub.previews.subsets import Configuration, Split, configurations
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Caller, FileEntry, Repository
from paddock.web.viewer.view import View


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known before the file is read; ``content`` is None where it may not be."""

    view: View  # with the file that was chosen
    commit_oid: str
    configurations: tuple[Configuration, ...]
    entry: FileEntry | None = None
    format: Format | None = None
    content: Content | None = None
    problem: PaddockError | None = None

    @property
    def packing(self) -> Packing:
        """How the file is packed."""
        return packing_of(self.view.file)

    @property
    def siblings(self) -> tuple[str, ...]:
        """The files of the split that this one is of, which are one table together."""
        split = self.split
        return split.paths if split is not None else ()

    @property
    def split(self) -> Split | None:
        """The one that is asked for, or else the first that has the file."""
        having = [
            (one.name, split)
            for one in self.configurations
            for split in one.splits
            if self.view.file in split.paths
        ]
        asked = (self.view.config, self.view.split)
        chosen = [split for config, split in having if (config, split.name) == asked]
        return next(iter(chosen or [split for _, split in having]), None)

    @property
    def following(self) -> str:
        """The file behind this one in its split."""
        paths = self.siblings
        place = paths.index(self.view.file) + 1 if paths else 0
        return paths[place] if place < len(paths) else ""


def open_file(
    hub: Hub, conn: sa.Connection, caller: Caller, repo: Repository, view: View
) -> Opened:
    """The chosen file, or the first that there is; raises RevisionNotFound, EntryNotFound."""
    if repo.head_oid is None:
        return Opened(view, "", ())
    commit_oid = refs.resolve_revision(conn, repo, view.revision)
    found = configurations(repo.card, files.all_paths(conn, repo, commit_oid))
    path = view.file or _first(found, view)
    view = replace(view, file=path)
    if not path:
        return Opened(view, commit_oid, found)
    format = format_of(path)
    entry = files.entry_at(conn, repo, commit_oid, path)
    if format is None or not isinstance(entry, FileEntry):
        message = f"{repo.full_name} has no table {shown(path)} at {shown(view.revision)}"
        raise EntryNotFound(message, commit_oid=commit_oid)
    try:
        content = open_for_preview(Asking(hub, conn, caller, repo), entry)
    except Forbidden as e:
        return Opened(view, commit_oid, found, entry, format, problem=e)
    return Opened(view, commit_oid, found, entry, format, content)


def _first(found: tuple[Configuration, ...], view: View) -> str:
    """The first file of the configuration and the split that are asked for, or of any."""
    wanted = [one for one in found if one.name == view.config] or list(found)
    splits = [split for one in wanted for split in one.splits]
    chosen = [split for split in splits if split.name == view.split] or splits
    return chosen[0].paths[0] if chosen else ""
