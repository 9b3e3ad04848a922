"""Who downloaded which file of a repository that is not open to everybody: a list, and a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response, StreamingResponse

from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.download_log import lists
from paddock.hub.download_log.lists import Download
from paddock.hub.http.paged import MAX_LIMIT
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.paging import Part
from paddock.hub.types import Need, Repository
from paddock.web.access.requests import PAGE
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

_ON_A_PAGE = 100
_WAYS = {
    "file": "by itself",
    "xet": "by chunks",
    "lfs": "by git-lfs",
    "git": "by git",
    "diff": "in a diff",
}


@router.get(PAGE + "/downloads")
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    user: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The latest first, of everybody or of one."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "access", Need.WRITE)
        page = lists.list_downloads(conn, shell.repo, Part(_ON_A_PAGE, after), user or None)
    fields = {"user": user, "after": page.next_cursor or ""}
    following = urlencode({key: value for key, value in fields.items() if value})
    return visitor.show(
        "access/downloads.html",
        shell=shell,
        downloads=page.items,
        ways=_WAYS,
        one_user=user,
        days=hub.download_log.days,
        next=page.next_cursor and f"?{following}",
    )


@router.get(PAGE + "/downloads.csv")
def table(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """All of it as a table."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, visitor.caller, name, Need.WRITE)
    file_name = f"downloads-{repo.full_name.replace('/', '-')}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "no-store",
    }
    pieces = lists.as_csv(_every(hub, repo))
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def _every(hub: Hub, repo: Repository) -> Iterator[Download]:
    """Page by page, each in a transaction of its own: a slow reader holds none."""
    cursor: str | None = None
    while True:
        with hub.database.read() as conn:
            page = lists.list_downloads(conn, repo, Part(MAX_LIMIT, cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
