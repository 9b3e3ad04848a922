"""The page that says which commit wrote which line of a text.

Neighbouring lines of one commit are a run, which names it once.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from fastapi.responses import Response

from paddock.errors import BadInput, shown
from paddock.hub.context import Hub, HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import blame as blaming
from paddock.hub.git import files, history
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.turns import run_heavy
from paddock.hub.names import RepositoryName
from paddock.hub.scans import leaving
from paddock.hub.types import FileEntry, Need
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.files.differences import text_reader
from paddock.web.files.opened import Opened, open_files
from paddock.web.files.plain_text import shown_line, shown_name
from paddock.web.page_routes import page_router

router = page_router()


class Run(NamedTuple):
    """Lines that came with one commit; ``first`` is the number of the first."""

    commit: history.CommitEntry
    path: str  # of the file at that commit
    was: str  # the same for people, where it has another by now
    first: int
    lines: list[str]


@router.get(WEB_REPOSITORY + "/blame/{rev:revision}/{path:rest}")
async def blame(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, rev: RevisionInPath, path: str
) -> Response:
    """Who wrote which line."""
    return await run_heavy(_show, hub, visitor, name, rev, path)


def _show(hub: Hub, visitor: Visitor, name: RepositoryName, rev: str, path: str) -> Response:
    with hub.database.read() as conn:
        opened = open_files(
            hub, conn, visitor, name, rev, need=Need.CONTENT, page="blame", path=path
        )
        entry = files.entry_at(conn, opened.repo, opened.commit_oid, path)
        if not isinstance(entry, FileEntry):
            message = f"{shown(path)} does not exist in {opened.repo.full_name} at {shown(rev)}"
            raise EntryNotFound(message, commit_oid=opened.commit_oid)
        leaving.require_entry(opened.asking, entry)
        found = _blame(opened, entry)
        entries = history.commit_entries(
            conn, opened.repo, sorted({one.commit_oid for one in found.origins})
        )
    opened.note_shown(path)
    return visitor.show(
        "files/blame.html",
        shell=opened.shell,
        opened=opened,
        path=path,
        crumbs=opened.crumbs(path),
        runs=_runs(found, entries, path),
        is_complete=found.is_complete,
    )


def _blame(opened: Opened, entry: FileEntry) -> blaming.Blame:
    read = text_reader(opened)
    found = None
    if entry.large is None:
        found = blaming.blame(opened.conn, opened.repo, opened.commit_oid, entry.path, read)
    if found is None:
        raise BadInput(
            f"{shown(entry.path)} is no text of at most {blaming.MAX_LINES} lines",
            hint="its history tells which commits changed it",
        )
    return found


def _runs(found: blaming.Blame, entries: dict[str, history.CommitEntry], path: str) -> list[Run]:
    runs, first = [], 1
    numbered = zip(found.origins, found.lines, strict=True)
    for origin, some in groupby(numbered, key=lambda pair: pair[0]):
        lines = [shown_line(line.decode(errors="replace")).text for _, line in some]
        was = shown_name(origin.path) if origin.path != path else ""
        runs.append(Run(entries[origin.commit_oid], origin.path, was, first, lines))
        first += len(lines)
    return runs
