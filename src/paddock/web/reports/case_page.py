"""A report as a case: what must, and must not, be in an answer; as a file, a commit, a proposal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from paddock import clock
from paddock.errors import BadInput, Conflict, TooLarge
from paddock.hub.api.report_acts import changing
from paddock.hub.context import Hub, HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.reports import cases, keeping, rows
from paddock.hub.reports.keeping import Keeping
from paddock.hub.reports.rendering import web_path
from paddock.hub.reports.rules import Part
from paddock.hub.reports.values import Report
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router
from paddock.web.reports.filing import TAB
from paddock.web.reports.page import REPORT
from paddock.web.repository.shell import open_shell

router = page_router()

LongText = Annotated[str, Form()]
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class CaseForm:
    """Conditions, one a line, and where the file is to go."""

    must_not_contain: str = ""
    must_contain: str = ""
    must_not_match: str = ""
    must_match: str = ""
    keep: str = "commit"
    discloses: bool = False
    problem: str | None = None


@router.get(REPORT + "/case")
def show_form(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, report_id: str
) -> Response:
    """The form, for maintainers; what was said is there to begin with."""
    visitor.require_user()
    return _show(hub, visitor, name, report_id, None)


@router.post(REPORT + "/case")
def export(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    report_id: str,
    form_key: Text = "",
    must_not_contain: LongText = "",
    must_contain: LongText = "",
    must_not_match: LongText = "",
    must_match: LongText = "",
    keep: Text = "",
    disclose: Text = "",
) -> Response:
    """The case as it was asked for: to be saved, or in the repository."""
    visitor.check_form(form_key)
    visitor.require_user()
    texts = (must_not_contain, must_contain, must_not_match, must_match)
    form = CaseForm(*texts, keep, bool(disclose))
    try:
        asked = cases.read_conditions(*(text.splitlines() for text in texts))
        with changing(hub, visitor.caller, name, report_id, Part.MAINTAINER) as opened:
            acting, report = opened
            link = hub.base_url(request) + web_path(acting.repo, report)
            content = cases.render_case(acting.repo, report, asked, link)
            if keep != "file":
                how = Keeping(link, keep == "pull_request", form.discloses)
                kept = keeping.keep_case(acting.conn, acting.repo, report, acting.actor, asked, how)
    except (BadInput, Conflict, TooLarge) as e:
        return _show(hub, visitor, name, report_id, replace(form, problem=sentence(e)), e.status)
    if keep == "file":
        return _as_file(report, content)
    if kept.num is not None:
        return RedirectResponse(f"{acting.repo.web_path}/discussions/{kept.num}", 303)
    return RedirectResponse(web_path(acting.repo, report), 303)


def _as_file(report: Report, content: bytes) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{report.public_id}.yaml"'}
    return Response(content, 200, {**_HEADERS, **named}, media_type="application/yaml")


def _show(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    report_id: str,
    form: CaseForm | None,
    status_code: int = 200,
) -> Response:
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, TAB)
        report, _ = rows.open_report(conn, visitor.caller, shell.repo, report_id, Part.MAINTAINER)
    return visitor.show(
        "reports/case.html",
        status_code,
        shell=shell,
        report=report,
        form=form or CaseForm(must_not_contain=_suggested(report)),
        path=cases.path_of(report),
        is_exported=report.state in cases.EXPORTED,
        would_disclose=not report.is_public(clock.now()) and not shell.repo.is_private,
    )


def _suggested(report: Report) -> str:
    """The first line of what came, if it says much enough to be looked for."""
    first = report.evidence.output.strip().partition("\n")[0].strip()
    return first if 8 <= len(first) <= cases.MAX_TEXT_CHARS else ""
