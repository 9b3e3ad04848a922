"""The button that replays a report, and the same for programs.

POST  …/reports/ID/replay   {"revision": "reported"} or {"revision": "main"}

Model and database take turns: who may ask is read, the model answers, then the answer is kept.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.api.report_acts import changing
from paddock.hub.api.reports import REPORT as API_REPORT
from paddock.hub.api.reports import ReportIdInPath
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.reports import replays, rows
from paddock.hub.reports.rendering import render_replay
from paddock.hub.reports.replays import Answered
from paddock.hub.reports.rules import Part, require_speaker
from paddock.hub.reports.values import Replay
from paddock.hub.types import Caller, Need
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router
from paddock.web.reports import page
from paddock.web.reports.page import REPORT, Deciding
from paddock.web.reports.replaying import NotServed, Replaying, replay

router = page_router()
api_router = APIRouter()


class ReplayBody(BaseModel):
    revision: Literal["reported", "main"] = "reported"


@api_router.post(API_REPORT + "/replay")
async def replay_for_programs(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    report_id: ReportIdInPath,
    body: ReplayBody | None = None,
) -> dict[str, Any]:
    """Ask the served model the same again; gives what it said, which the report keeps."""
    wanted = (body or ReplayBody()).revision
    made = await _replay(request, hub, caller, name, report_id, wanted)
    return render_replay(made)


@router.post(REPORT + "/replay")
async def replay_on_page(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    report_id: str,
    form_key: Text = "",
    revision: Text = "reported",
) -> Response:
    """The same from the report's page, and back to it."""
    visitor.check_form(form_key)
    visitor.require_user()
    try:
        await _replay(request, hub, visitor.caller, name, report_id, revision)
    except PaddockError as e:
        if e.status in {401, 403, 404}:
            raise
        refused = Deciding(problem=sentence(e))
        return await run_in_threadpool(
            page.show, request, hub, visitor, name, report_id, refused, e.status
        )
    return RedirectResponse(f"{_path(name)}/reports/{report_id}#replays", 303)


async def _replay(
    request: Request,
    hub: Hub,
    caller: Caller,
    name: RepositoryName,
    report_id: str,
    revision: str,
) -> Replay:
    asked = await run_in_threadpool(_open, hub, caller, name, report_id, revision)
    answered = await replay(getattr(request.app.state, "serving", None), asked)
    return await run_in_threadpool(_keep, hub, caller, name, report_id, answered)


def _open(
    hub: Hub, caller: Caller, name: RepositoryName, report_id: str, revision: str
) -> Replaying:
    """What is to be asked, before any model is."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        report = rows.find_report(conn, caller, repo, report_id)
        require_speaker(conn, caller, repo, report, Part.REPORTER)
        replays.check_room(conn, report)
    commit_oid = repo.head_oid if revision == "main" else report.commit_oid
    if commit_oid is None:
        raise NotServed("the report names no revision that could be asked again")
    return Replaying(caller, repo, report, commit_oid)


def _keep(
    hub: Hub, caller: Caller, name: RepositoryName, report_id: str, answered: Answered
) -> Replay:
    with changing(hub, caller, name, report_id, Part.REPORTER) as (acting, report):
        return replays.record(acting.conn, acting.repo, report, acting.actor, answered)


def _path(name: RepositoryName) -> str:
    return f"/{name.kind.url_prefix}{name.full}"
