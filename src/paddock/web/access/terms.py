"""Who accepted which terms of a repository: a list with the words, and the same as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response, StreamingResponse

from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.gates import acceptances, evidence
from paddock.hub.gates.acceptances import Acceptance
from paddock.hub.gates.terms import read_terms
from paddock.hub.http.paged import MAX_LIMIT
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.paging import Part
from paddock.hub.types import Need, Repository
from paddock.web.access.requests import PAGE
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

_ON_A_PAGE = 50


@router.get(PAGE + "/acceptances")
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The latest first."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "access", Need.WRITE)
        page = acceptances.list_acceptances(conn, shell.repo, Part(_ON_A_PAGE, after))
        words = acceptances.accepted_words(conn, page.items)
        terms = read_terms(conn, shell.repo)
    return visitor.show(
        "access/acceptances.html",
        shell=shell,
        acceptances=page.items,
        words=words,
        terms=terms,
        next=page.next_cursor and f"?after={page.next_cursor}",
    )


@router.get(PAGE + "/acceptances.csv")
def table(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """All of it as a table."""
    repo = _repository(hub, visitor, name)
    pieces = evidence.as_csv(_every(hub, repo))
    return _file(repo, "csv", pieces, "text/csv; charset=utf-8")


@router.get(PAGE + "/acceptances.json")
def document(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """All of it as JSON."""
    repo = _repository(hub, visitor, name)
    return _file(repo, "json", evidence.as_json(_every(hub, repo)), "application/json")


def _repository(hub: Hub, visitor: Visitor, name: RepositoryName) -> Repository:
    with hub.database.read() as conn:
        return access.open_repository(conn, visitor.caller, name, Need.WRITE)


def _file(repo: Repository, ending: str, pieces: Iterator[bytes], media_type: str) -> Response:
    file_name = f"acceptances-{repo.full_name.replace('/', '-')}.{ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


def _every(hub: Hub, repo: Repository) -> Iterator[Acceptance]:
    """Page by page, each in a transaction of its own: a slow reader holds none."""
    cursor: str | None = None
    while True:
        with hub.database.read() as conn:
            page = acceptances.list_acceptances(conn, repo, Part(MAX_LIMIT, cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
