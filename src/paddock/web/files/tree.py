"""The pages of folders: what is in one, how large, who changed it last, and whether it is safe.

Readable without a script. A long folder comes page by page, each at a cost that does not grow with
what is before it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from paddock.hub.context import HubDep
from paddock.hub.git import files, history
from paddock.hub.git.files import PageRequest
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.scans import report
from paddock.hub.types import FileEntry, FolderEntry
from paddock.web.browser import VisitorDep
from paddock.web.files.badges import Badge, badge_of
from paddock.web.files.opened import Opened, open_files
from paddock.web.files.plain_text import shown_name
from paddock.web.page_routes import page_router

router = page_router()

PAGE_ENTRIES: Final = 500
MAX_HISTORY_SECONDS: Final = 0.4  # for who changed what last; the next visitor sees more
_MAX_AFTER_CHARS: Final = 4096


class Row(NamedTuple):
    """An entry of a folder."""

    name: str
    path: str
    href: str
    is_folder: bool
    size_bytes: int | None
    download: str | None
    mark: str | None  # how a large file is kept
    badge: Badge | None
    commit: Changed | None


class Changed(NamedTuple):
    """The commit that changed something last."""

    title: str
    href: str
    when: datetime
    author: str


@router.get(WEB_REPOSITORY + "/tree/{rev:revision}")
@router.get(WEB_REPOSITORY + "/tree/{rev:revision}/{path:rest}")
def folder(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str = "",
    after: str = Query("", max_length=_MAX_AFTER_CHARS),
) -> Response:
    """A folder at a revision. A file at the path has a page of its own."""
    path = path.strip("/")
    with hub.database.read() as conn:
        opened = open_files(hub, conn, visitor, name, rev, path=path)
        entry = files.entry_at(conn, opened.repo, opened.commit_oid, path)
        if isinstance(entry, FileEntry):
            return RedirectResponse(opened.address("blob", path), 302)
        wanted = PageRequest(recursive=False, limit=PAGE_ENTRIES, after=after or None)
        listed = files.list_page(conn, opened.repo, opened.commit_oid, path, wanted)
        rows = _rows(opened, listed.entries)
        latest = history.commit_entries(conn, opened.repo, [opened.commit_oid])
    following = None
    if listed.next_after is not None:
        query = urlencode({"after": listed.next_after})
        following = f"{opened.address('tree', path, rev=opened.commit_oid)}?{query}"
    return visitor.show(
        "files/tree.html",
        shell=opened.shell,
        opened=opened,
        path=path,
        crumbs=opened.crumbs(path),
        rows=rows,
        latest=latest.get(opened.commit_oid),
        following=following,
        is_first=not after,
    )


def _rows(opened: Opened, entries: list[files.Entry]) -> list[Row]:
    conn, repo = opened.conn, opened.repo
    here = [entry for entry in entries if isinstance(entry, FileEntry)]
    checked = report.of_revision(conn, repo, opened.commit_oid, here).files
    badges = {one.entry.path: (badge_of(one), one.is_kept) for one in checked}
    paths = [entry.path for entry in entries]
    touched = history.last_commits(
        conn, repo, opened.commit_oid, paths, seconds=MAX_HISTORY_SECONDS
    )
    return [_row(opened, entry, badges, touched.get(entry.path)) for entry in entries]


def _row(
    opened: Opened,
    entry: FileEntry | FolderEntry,
    badges: dict[str, tuple[Badge, bool]],
    commit: history.CommitEntry | None,
) -> Row:
    name, changed = shown_name(entry.path.rpartition("/")[2]), _changed(opened, commit)
    if isinstance(entry, FolderEntry):
        href = opened.address("tree", entry.path)
        return Row(name, entry.path, href, True, None, None, None, None, changed)
    badge, is_kept = badges[entry.path]
    return Row(
        name,
        entry.path,
        opened.address("blob", entry.path),
        False,
        entry.size_bytes,
        None if is_kept or not opened.may_read else f"{opened.file(entry.path)}?download=true",
        None if entry.large is None else "Xet" if entry.large.xet_hash else "LFS",
        badge,
        changed,
    )


def _changed(opened: Opened, commit: history.CommitEntry | None) -> Changed | None:
    if commit is None:
        return None
    href = opened.address("commit", rev=commit.oid)
    return Changed(shown_name(commit.title), href, commit.committed_at, commit.author)
