"""The tab "Audit": results with their intervals, beside those of others, and their samples.

Whoever uploaded them says that these were measured; the page says where each stands. Samples are
out of files, so they are for those who may read those.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from paddock.errors import shown
from paddock.hub import access
from paddock.hub.context import HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.large.content import open_content
from paddock.hub.releases.reading import Release
from paddock.hub.releases.results import Result
from paddock.hub.scans.leaving import Asking, require_entry
from paddock.hub.types import FileEntry, Kind
from paddock.web.audit import samples
from paddock.web.audit.comparing import Series, others_of, rows_of
from paddock.web.audit.measured import measured_at
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.released.earlier import release_before, tags_of
from paddock.web.repository.opened import Opened, open_at

router = page_router()

_MAX_LISTED = 2000
_MAX_START_CHARS = 16


@router.get(WEB_REPOSITORY + "/audit")
def audit(request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """What was measured at main, or at the revision that ``?rev=`` asks for."""
    with hub.database.read() as conn:
        opened = open_at(hub, conn, visitor, name, "audit", request)
        if opened.repo.kind is not Kind.MODEL:
            return RedirectResponse(opened.repo.web_path, 302)
        found = opened.release()
        measured = measured_at(opened, found)
        others, missing = others_of(opened, request.query_params.getlist("with")[:20])
        before = _before(opened, found) if measured.results else None
        series = [*([before] if before is not None else []), *others]
        values: dict[str, Any] = {
            "shell": opened.shell,
            "opened": opened,
            "release": found,
            "measured": measured,
            "rows": rows_of(opened.repo.full_name, measured.results, series),
            "series": series,
            "others": others,
            "missing": missing,
            "samples": _sample_files(opened, measured.results),
        }
    return visitor.show("release/audit.html", **values)


@router.get(WEB_REPOSITORY + "/audit/samples")
def sample_page(
    request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep
) -> Response:
    """Single answers, from the byte that ``?from=`` names on; read by range, however large."""
    path = request.query_params.get("path", "")[:1000]
    given = request.query_params.get("from", "0")[:_MAX_START_CHARS]
    start = int(given) if given.isascii() and given.isdecimal() else 0
    with hub.database.read() as conn:
        opened = open_at(hub, conn, visitor, name, "audit", request)
        access.require_content(conn, visitor.caller, opened.repo)
        entry = None
        if opened.commit_oid is not None and path.endswith(samples.ENDING):
            entry = files.entry_at(conn, opened.repo, opened.commit_oid, path)
        if not isinstance(entry, FileEntry) or start > entry.size_bytes:
            raise EntryNotFound(f"{shown(path)} holds no samples that can be read here")
        require_entry(Asking(hub, conn, visitor.caller, opened.repo), entry)
        content = open_content(hub, opened.repo, entry, conn)
        end = min(start + samples.READ_BYTES, content.size_bytes)
        raw = b"".join(content.read(start, end)) if start < end else b""
        found = samples.page_of(raw, start, content.size_bytes)
    return visitor.show(
        "release/samples.html",
        shell=opened.shell,
        opened=opened,
        path=path,
        start=start,
        size_bytes=entry.size_bytes,
        found=found,
    )


def _before(opened: Opened, found: Release) -> Series | None:
    """The release before, as a series of its own."""
    if found.statement is None:
        return None
    tags = tags_of(opened.conn, opened.repo)
    earlier = release_before(opened.hub, opened.conn, opened.repo, found, tags, "")
    if earlier is None or earlier[1].statement is None:
        return None
    tag, release = earlier
    assert release.statement is not None  # noqa: S101 - looked at above
    href = f"{opened.repo.web_path}/audit?rev={tag.name}"
    return Series(f"release {tag.name}", href, release.statement.results, 2)


def _sample_files(opened: Opened, results: tuple[Result, ...]) -> dict[str, str]:
    """By file of results, the file of samples that is there."""
    named = {result.path: result.task for result in results if result.path is not None}
    if not named or opened.commit_oid is None:
        return {}
    wanted = files.PageRequest(recursive=True, limit=_MAX_LISTED)
    page = files.list_page(opened.conn, opened.repo, opened.commit_oid, "", wanted)
    paths = [entry.path for entry in page.entries if isinstance(entry, FileEntry)]
    found = {path: samples.file_of(path, task, paths) for path, task in named.items()}
    return {path: file for path, file in found.items() if file is not None}
