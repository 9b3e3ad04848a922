"""The pages of history: the commits that lead here, those that changed a path, and what one did."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple
from urllib.parse import quote

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, shown
from paddock.hub.context import Hub, HubDep
from paddock.hub.discussions import ancestry
from paddock.hub.git import history, refs
from paddock.hub.git.history import CommitEntry
from paddock.hub.git.path_history import list_changes
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.turns import run_heavy
from paddock.hub.names import RepositoryName
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.files.differences import differences
from paddock.web.files.opened import Opened, open_files
from paddock.web.page_routes import page_router

router = page_router()

PAGE_COMMITS: Final = 50
_MAX_PAGES: Final = 200
_MAX_REV_CHARS: Final = 300
PageNumber = Annotated[int, Query(ge=0, le=_MAX_PAGES)]


class _Listed(NamedTuple):
    """Part of a history."""

    commits: list[CommitEntry]
    has_more: bool
    is_complete: bool


@router.get(WEB_REPOSITORY + "/commits/{rev:revision}")
@router.get(WEB_REPOSITORY + "/commits/{rev:revision}/{path:rest}")
def commits(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str = "",
    p: PageNumber = 0,
) -> Response:
    """The commits that lead to a revision; with a path, those that changed what is there."""
    path = path.strip("/")
    with hub.database.read() as conn:
        opened = open_files(hub, conn, visitor, name, rev, page="commits", path=path)
        listed = _changes(opened, path, p) if path else _all(opened, p)
    return visitor.show(
        "files/commits.html",
        shell=opened.shell,
        opened=opened,
        path=path,
        crumbs=opened.crumbs(path),
        listed=listed,
        previous=f"?p={p - 1}" if p else None,
        following=f"?p={p + 1}" if listed.has_more else None,
    )


def _all(opened: Opened, page: int) -> _Listed:
    found = history.list_commits(
        opened.conn, opened.repo, opened.commit_oid, skip=page * PAGE_COMMITS, limit=PAGE_COMMITS
    )
    return _Listed(found.commits, (page + 1) * PAGE_COMMITS < found.total, True)


def _changes(opened: Opened, path: str, page: int) -> _Listed:
    conn, repo = opened.conn, opened.repo
    end = (page + 1) * PAGE_COMMITS
    changes = list_changes(conn, repo, opened.commit_oid, path, limit=end + 1)
    oids = changes.oids[page * PAGE_COMMITS : end]
    entries = history.commit_entries(conn, repo, oids)
    return _Listed([entries[oid] for oid in oids], len(changes.oids) > end, changes.is_complete)


@router.get(WEB_REPOSITORY + "/commit/{rev:revision}")
async def commit(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, rev: RevisionInPath
) -> Response:
    """One commit: what it says, and what it changed since its first parent."""
    return await run_heavy(_show_commit, hub, visitor, name, rev)


def _show_commit(hub: Hub, visitor: Visitor, name: RepositoryName, rev: str) -> Response:
    with hub.database.read() as conn:
        opened = open_files(hub, conn, visitor, name, rev, page="commits")
        entry = history.commit_entries(conn, opened.repo, [opened.commit_oid])[opened.commit_oid]
        parents = history.parents_of(conn, opened.repo, opened.commit_oid)
        known = history.commit_entries(conn, opened.repo, parents)
        first = parents[0] if parents and parents[0] in known else None
        changed = differences(opened, first, opened.commit_oid)
    return visitor.show(
        "files/commit.html",
        shell=opened.shell,
        opened=opened,
        commit=entry,
        parents=parents,
        changed=changed,
        diff=changed.diff,
    )


@router.get(WEB_REPOSITORY + "/compare")
def choose_revisions(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    old: str = Query("", max_length=_MAX_REV_CHARS),
    new: str = Query("", max_length=_MAX_REV_CHARS),
) -> Response:
    """Leads to the comparison of two revisions."""
    with hub.database.read() as conn:
        opened = open_files(hub, conn, visitor, name, "main")
    spec = f"{quote(old or 'main', safe='')}..{quote(new or 'main', safe='')}"
    return RedirectResponse(f"{opened.repo.web_path}/compare/{spec}", 303)


@router.get(WEB_REPOSITORY + "/compare/{spec:rest}")
async def compare(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, spec: str) -> Response:
    """``old..new``: how two revisions differ; ``old...new``: since they parted."""
    return await run_heavy(_show_comparison, hub, visitor, name, spec)


def _show_comparison(hub: Hub, visitor: Visitor, name: RepositoryName, spec: str) -> Response:
    old, dots, new = spec.partition("..." if "..." in spec else "..")
    if not (dots and old and new) or len(spec) > 2 * _MAX_REV_CHARS:
        raise BadInput(f"{shown(spec)} names no two revisions", hint="write main..other")
    with hub.database.read() as conn:
        opened = open_files(hub, conn, visitor, name, new, page="commits")
        start = refs.resolve_revision(conn, opened.repo, old)
        if dots == "...":
            start = ancestry.merge_base(conn, opened.repo, start, opened.commit_oid) or start
        changed = differences(opened, start, opened.commit_oid)
        known = ancestry.commits_between(
            conn, opened.repo, opened.commit_oid, [start], limit=PAGE_COMMITS
        )
        entries = history.commit_entries(conn, opened.repo, known)
    return visitor.show(
        "files/compare.html",
        shell=opened.shell,
        opened=opened,
        old=old,
        new=new,
        commits=[entries[oid] for oid in known if oid in entries],
        changed=changed,
        diff=changed.diff,
    )
