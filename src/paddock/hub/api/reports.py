"""Reports over HTTP: listed, written, read.

GET   …/reports        those that the caller may see, what changed last first
POST  …/reports        a new one, by whoever is signed in and sees the repository
GET   …/reports/ID     one with everything that happened, as far as the caller may see it

What may be said is ``reports.evidence``'s, who sees it ``reports.rules``'s.
"""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, StrictBool

from paddock import clock
from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import queries
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.paging import Part as PagePart
from paddock.hub.reports import events, filing, flood, rendering, replays, rows
from paddock.hub.reports.filing import NewReport
from paddock.hub.reports.rows import Wanted
from paddock.hub.reports.rules import Part, part_in
from paddock.hub.reports.severity import Ease, Impact
from paddock.hub.reports.values import BARE, Category, Report
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

REPORTS = API_REPOSITORY + "/reports"
REPORT = REPORTS + "/{report_id:segment}"
ReportIdInPath = Annotated[str, Path(description="a report, by its id")]
_MAX_LISTED = 100


class MessageBody(BaseModel):
    role: str
    content: str


class NewReportBody(BaseModel):
    """A report; either ``messages`` or, of a completion, ``prompt``."""

    category: Category
    title: str
    messages: list[MessageBody] | None = None
    prompt: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    revision: Annotated[str, Field(max_length=255)] = ""
    output: str = ""
    expected: str = ""
    details: str = ""
    impact: Impact | None = None
    ease: Ease | None = None
    credited: StrictBool = False

    def to_new(self) -> NewReport:
        """The same as a value; raises BadInput."""
        if (self.messages is None) == (self.prompt is None):
            raise BadInput("a report has either messages or a prompt")
        turns = [(each.role, each.content) for each in self.messages or ()]
        return NewReport(
            category=self.category,
            title=self.title,
            turns=turns if self.prompt is None else [(BARE, self.prompt)],
            settings=self.settings,
            output=self.output,
            expected=self.expected,
            details=self.details,
            revision=self.revision,
            impact=self.impact,
            ease=self.ease,
            is_credited=self.credited,
        )


class ListQuery(BaseModel):
    """Which reports of a repository."""

    state: Annotated[str, Field(max_length=20)] = "all"
    category: Annotated[str, Field(max_length=20)] = "all"
    overdue: bool = False
    mine: bool = False
    known: bool = False  # of people alone one of whose reports was confirmed
    limit: Annotated[int, Field(ge=1, le=_MAX_LISTED)] = _MAX_LISTED
    cursor: Annotated[str | None, Field(max_length=400)] = None


@router.get(REPORTS)
def list_reports(
    request: Request,
    response: Response,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    query: Annotated[ListQuery, Query()],
) -> dict[str, Any]:
    """Reports that the caller may see, and how many there are of these."""
    now = clock.now()
    wanted = Wanted(query.state, query.category, query.overdue, query.mine, query.known)
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        part = PagePart(query.limit, query.cursor)
        page = rows.list_reports(conn, caller, repo, wanted, part, now)
        waiting, over, overdue = rows.counts(conn, caller, repo, now)
    if page.next_cursor is not None:
        response.headers["Link"] = queries.link_to_next(request, hub, page.next_cursor)
    return {
        "reports": [rendering.render_listed(repo, one, now) for one in page.items],
        "count": {"open": waiting, "over": over, "overdue": overdue},
    }


@router.post(REPORTS)
def create(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: NewReportBody
) -> dict[str, Any]:
    """A new report, which its writer and the maintainers see until it was triaged."""
    new = body.to_new()
    flood.check_address(hub.database, request.client.host if request.client else "unknown")
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        reporter = access.require_writing_token(caller)
        report = filing.file_report(conn, repo, reporter, new)
        return whole(conn, caller, repo, report)


@router.get(REPORT)
def details(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, report_id: ReportIdInPath
) -> dict[str, Any]:
    """A report as the caller may see it."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        report, _ = rows.open_report(conn, caller, repo, report_id, Part.READER)
        return whole(conn, caller, repo, report)


def whole(conn: sa.Connection, caller: Caller, repo: Repository, report: Report) -> dict[str, Any]:
    """The report with what happened in it, for this caller."""
    part = part_in(conn, caller, repo, report, clock.now())
    happened = events.list_events(conn, report)
    told = rendering.render_report(repo, report, part, happened, replays.list_replays(conn, report))
    originals = [report.duplicate_of_id] if report.duplicate_of_id is not None else []
    for original in rows.reports_by_id(conn, originals):
        if part_in(conn, caller, repo, original, clock.now()) is not Part.NOBODY:
            told["duplicateOf"] = original.public_id
    return told
