"""What is said and decided below a report: one form for all of it, and whether one is named.

Reads forms; what may follow what is ``hub.reports.states``'s, who decides ``hub.reports.rules``'s.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from paddock import clock
from paddock.errors import BadInput, PaddockError, shown
from paddock.hub.api.report_acts import Opened, changing
from paddock.hub.context import HubDep
from paddock.hub.errors import RevisionNotFound
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.reports import acts, alike, rows
from paddock.hub.reports.acts import Acting, Decision, Visibility
from paddock.hub.reports.rendering import web_path
from paddock.hub.reports.rules import Part, ReportNotFound
from paddock.hub.reports.severity import Ease, Impact
from paddock.hub.reports.states import State
from paddock.hub.reports.values import Report
from paddock.hub.types import Caller
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router
from paddock.web.reports import page
from paddock.web.reports.page import REPORT, Deciding

router = page_router()

LongText = Annotated[str, Form()]
_TOLD_HERE = frozenset({400, 409, 413, 429})


@router.post(REPORT)
def decide(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    report_id: str,
    form_key: Text = "",
    message: LongText = "",
    state: Text = "",
    impact: Text = "",
    ease: Text = "",
    public: Text = "",
    until: Text = "",
    fixed_in: Text = "",
    duplicate_of: Text = "",
) -> Response:
    """Say something, decide something, or both; or the report with why it was not done."""
    visitor.check_form(form_key)
    visitor.require_user()
    form = Deciding(message, state, impact, ease, public, until, fixed_in, duplicate_of)
    try:
        with changing(hub, visitor.caller, name, report_id, Part.REPORTER) as opened:
            acts.decide(*opened, _decision(visitor.caller, opened, form))
    except PaddockError as e:
        if e.status not in _TOLD_HERE and not isinstance(e, RevisionNotFound):
            raise
        refused = replace(form, problem=sentence(e))
        return page.show(request, hub, visitor, name, report_id, refused, e.status)
    return RedirectResponse(web_path(opened.acting.repo, opened.report), 303)


@router.post(REPORT + "/join")
def join(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, report_id: str, form_key: Text = ""
) -> Response:
    """Let new reports of the same prompt be this one again."""
    visitor.check_form(form_key)
    visitor.require_user()
    with changing(hub, visitor.caller, name, report_id, Part.MAINTAINER) as opened:
        alike.join_alike(*opened)
    return RedirectResponse(web_path(opened.acting.repo, opened.report), 303)


@router.post(REPORT + "/credit")
def credit(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    report_id: str,
    form_key: Text = "",
    wanted: Text = "",
) -> Response:
    """Be named as the reporter, or no longer."""
    visitor.check_form(form_key)
    visitor.require_user()
    with changing(hub, visitor.caller, name, report_id, Part.REPORTER) as (acting, report):
        acts.set_credit(acting, report, is_credited=wanted == "1")
    return RedirectResponse(web_path(acting.repo, report), 303)


def _decision(caller: Caller, opened: Opened, form: Deciding) -> Decision:
    """What the form says; raises BadInput."""
    acting, report = opened
    is_same = (form.impact, form.ease) == (report.impact or "", report.ease or "")
    is_rated = bool(form.impact or form.ease) and not (is_same and report.is_severity_decided)
    if not (form.message.strip() or form.state or form.public or is_rated):
        raise BadInput("the form says nothing", hint="write a message, or choose something")
    original = None
    if form.state == State.DUPLICATE and acting.part is Part.MAINTAINER:
        named = form.duplicate_of.strip().rpartition("/")[2]  # of an address its end is the id
        original = _find(caller, acting, named)
    is_maintainer = acting.part is Part.MAINTAINER
    is_fixed = form.state == State.FIXED
    return Decision(
        state=_one_of(State, form.state),
        impact=_one_of(Impact, form.impact) if is_maintainer else None,
        ease=_one_of(Ease, form.ease) if is_maintainer else None,
        visibility=_visibility(form) if is_maintainer else None,
        fixed_in=form.fixed_in.strip() or None if is_fixed else None,
        duplicate_of=original,
        message=form.message,
    )


def _find(caller: Caller, acting: Acting, public_id: str) -> Report:
    try:
        return rows.find_report(acting.conn, caller, acting.repo, public_id)
    except ReportNotFound as e:
        raise BadInput(f"there is no report {shown(public_id)} here") from e


def _visibility(form: Deciding) -> Visibility | None:
    match form.public:
        case "":
            return None
        case "private":
            return Visibility(None)
        case "now":
            return Visibility(clock.now())
        case "until":
            try:
                day = datetime.strptime(form.until.strip(), "%Y-%m-%d").date()
            except ValueError as e:
                raise BadInput(
                    f"{shown(form.until)} is not a date", hint="write it as 2026-12-31"
                ) from e
            return Visibility(datetime.combine(day, time.min, UTC))
    raise BadInput(f"{shown(form.public)} says nothing about who may see the report")


def _one_of(values: Any, text: str) -> Any:
    if not text:
        return None
    if text not in set(values):
        raise BadInput(f"{shown(text)} is not one of {', '.join(values)}")
    return values(text)
