"""Advisories over HTTP: feeds in the OSV format, published, changed, withdrawn.

GET   /api/advisories            all that the caller may see, the latest first
GET   /api/advisories/ID         one
GET   …/advisories               those of a repository
GET   …/advisories/concerning    those about a revision of it, and on the models it was made of
POST  …/advisories               a new one, made of reports
POST  …/advisories/ID            another wording or range
POST  …/advisories/ID/withdraw   it holds no longer

What an answer holds of one is what OSV's schema says. Changing needs the right to write.
"""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from paddock.hub import access
from paddock.hub.advisories import inherited, publishing, rows
from paddock.hub.advisories.osv import render_osv
from paddock.hub.advisories.publishing import Draft
from paddock.hub.advisories.values import Advisory, Placed
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.git import refs
from paddock.hub.http import queries
from paddock.hub.http.paged import asked_part
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.reports import rows as report_rows
from paddock.hub.reports.severity import Severity
from paddock.hub.types import Need, Repository

router = APIRouter()

_ADVISORIES = API_REPOSITORY + "/advisories"
_ADVISORY = _ADVISORIES + "/{advisory:segment}"
AdvisoryInPath = Annotated[str, Path(description="an advisory, PADDOCK-…")]
Revision = Annotated[str, Field(max_length=255)]
_AT_ONCE = 100


class DraftBody(BaseModel):
    """What an advisory says; ``last`` is the last affected revision, ``fixed`` the first right."""

    title: str
    severity: Severity
    details: str
    advice: str
    first: Revision = ""
    last: Revision = ""
    fixed: Revision = ""

    def to_draft(self) -> Draft:
        return Draft(
            self.title, self.severity, self.details, self.advice, self.first, self.last, self.fixed
        )


class NewBody(DraftBody):
    reports: Annotated[list[str], Field(max_length=publishing.MAX_REPORTS)]


@router.get("/api/advisories")
def feed(request: Request, response: Response, hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """All advisories that the caller may see, in pages."""
    part = asked_part(request, default=_AT_ONCE, most=_AT_ONCE)
    with hub.database.read() as conn:
        page = rows.list_visible(conn, caller, part)
        told = [_render(conn, hub, request, placed) for placed in page.items]
    if page.next_cursor is not None:
        response.headers["Link"] = queries.link_to_next(request, hub, page.next_cursor)
    return {"vulns": told}


@router.get("/api/advisories/{advisory:segment}")
def one(request: Request, hub: HubDep, caller: CallerDep, advisory: AdvisoryInPath) -> Any:
    """An advisory by its id alone."""
    with hub.database.read() as conn:
        placed = rows.find_anywhere(conn, caller, advisory)
        return _render(conn, hub, request, placed)


@router.get(_ADVISORIES)
def of_repository(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> dict[str, Any]:
    """The advisories of a repository, also those that were withdrawn."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        found = rows.advisories_of(conn, repo, with_withdrawn=True)
        return {"vulns": [_render(conn, hub, request, Placed(repo, each)) for each in found]}


@router.get(_ADVISORIES + "/concerning")
def concerning(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    revision: Annotated[str, Query(max_length=255)] = "main",
) -> dict[str, Any]:
    """What holds of a revision: its own advisories, and those on its base models."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        commit_oid = refs.resolve_revision(conn, repo, revision)
        found = inherited.concerning(conn, caller, repo, commit_oid)
        own = [_render(conn, hub, request, Placed(repo, each)) for each in found.own]
        of_parents = [_render(conn, hub, request, placed) for placed in found.inherited]
    return {"revision": commit_oid, "own": own, "inherited": of_parents}


@router.post(_ADVISORIES)
def publish(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: NewBody
) -> dict[str, Any]:
    """Publish an advisory, and tell those who hold the model."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        author = access.require_user(caller)
        ids = dict.fromkeys(body.reports)
        made_of = [report_rows.find_report(conn, caller, repo, each) for each in ids]
        made = publishing.publish(conn, repo, author, body.to_draft(), made_of)
        return _render(conn, hub, request, Placed(repo, made))


@router.post(_ADVISORY)
def change(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    advisory: AdvisoryInPath,
    body: DraftBody,
) -> dict[str, Any]:
    """Say something else, or name another range."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        found = _find(conn, repo, advisory)
        changed = publishing.change(conn, repo, found, body.to_draft())
        return _render(conn, hub, request, Placed(repo, changed))


@router.post(_ADVISORY + "/withdraw")
def withdraw(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    advisory: AdvisoryInPath,
) -> dict[str, Any]:
    """Take it back; it is still told, as one that was withdrawn."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        gone = publishing.withdraw(conn, repo, _find(conn, repo, advisory))
        return _render(conn, hub, request, Placed(repo, gone))


def _find(conn: sa.Connection, repo: Repository, name: str) -> Advisory:
    return rows.find_advisory(conn, repo, name)


def _render(conn: sa.Connection, hub: Hub, request: Request, placed: Placed) -> dict[str, Any]:
    made_of = rows.reports_of(conn, placed.advisory)
    return render_osv(placed, hub.base_url(request), made_of)
