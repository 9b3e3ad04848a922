"""The page of one file: how large it is, what a scan found in it, and where its bytes are.

Says what was found in words, with what to do. A browser has no token, so it says what a stranger
may hear. No byte of the file is on it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from paddock import clock
from paddock.errors import shown
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files, refs
from paddock.hub.http.paths import (
    WEB_REPOSITORY,
    RepositoryNameDep,
    RevisionInPath,
    encode_path,
)
from paddock.hub.lifecycle import revoked
from paddock.hub.lifecycle import standing as lifecycle
from paddock.hub.scans import report
from paddock.hub.scans.leaving import Asking
from paddock.hub.scans.report import FileReport, Hears
from paddock.hub.scans.verdicts import CLEAN, QUARANTINE, QUEUED, REJECT, UNSCANNED
from paddock.hub.types import FileEntry, Need
from paddock.web.rendering import page

router = APIRouter(include_in_schema=False)


class Badge(NamedTuple):
    """A verdict in a word for people; ``style`` is a class of the stylesheet."""

    word: str
    style: str
    meaning: str


_BADGES = {
    REJECT: Badge("unsafe", "bad", "A scan rejected this file."),
    QUARANTINE: Badge("suspicious", "doubtful", "A person should look at this file before use."),
    UNSCANNED: Badge("not scanned", "quiet", "This file could not be scanned."),
    QUEUED: Badge("scan waits", "quiet", "This file waits for its scan."),
    CLEAN: Badge("safe", "", "A scan found nothing against this file."),
}


def badge_of(one: FileReport) -> Badge:
    """The badge of a file."""
    if one.verdict == REJECT and one.override is not None:
        return Badge("unsafe, allowed", "doubtful", "An administrator allowed this rejected file.")
    return _BADGES[one.verdict]


def told_reasons(one: FileReport, hears: Hears) -> list[dict[str, Any]]:
    """The reasons, the worst first, as they stand on a page."""
    return [hears.tell(reason) for reason in one.reasons]


@router.get(WEB_REPOSITORY + "/blob/{rev:revision}/{path:rest}")
def file(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, rev: RevisionInPath, path: str
) -> HTMLResponse:
    """Where clients say a file's page is."""
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        commit_oid = refs.resolve_revision(conn, repo, rev)
        entry = files.entry_at(conn, repo, commit_oid, path)
        if not isinstance(entry, FileEntry):
            message = f"{shown(path)} does not exist in {repo.full_name} at {shown(rev)}"
            raise EntryNotFound(message, commit_oid=commit_oid)
        one = report.of_revision(conn, repo, commit_oid, [entry]).files[0]
        hears = report.hears_of(Asking(hub, conn, caller, repo))
        told = lifecycle.tell(conn, repo, commit_oid, clock.now())
        is_taken_back = revoked.sentence_on(conn, repo.id, entry.etag) is not None
    return page(
        "file.html",
        repo=repo,
        commit_oid=commit_oid,
        entry=entry,
        href=f"{repo.web_path}/resolve/{commit_oid}/{encode_path(entry.path)}",
        size=size_text(entry),
        badge=badge_of(one),
        one=one,
        reasons=told_reasons(one, hears),
        told=told,
        is_taken_back=is_taken_back,
    )


def size_text(entry: FileEntry) -> str:
    """How large a file is, for people."""
    size = float(entry.size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
