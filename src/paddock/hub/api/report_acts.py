"""What is done with a report, over HTTP: said, decided, made a case.

POST  …/reports/ID/messages   a message to the other side
POST  …/reports/ID/decision   severity, visibility, state: together, as triage needs them
POST  …/reports/ID/credit     whether the reporter is named
POST  …/reports/ID/join       new reports of the same prompt as its duplicates
POST  …/reports/ID/case       the report as a case: its text, or a commit, or a pull request

Each answer is the report as it is then. Replaying needs a model: ``paddock.web.reports``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictBool

from paddock import clock
from paddock.hub import access
from paddock.hub.api.reports import REPORT, ReportIdInPath, whole
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.reports import acts, alike, cases, keeping, rows
from paddock.hub.reports.acts import Acting, Decision, Visibility
from paddock.hub.reports.keeping import Keeping
from paddock.hub.reports.rendering import web_path
from paddock.hub.reports.rules import Part, require_speaker
from paddock.hub.reports.severity import Ease, Impact
from paddock.hub.reports.states import State
from paddock.hub.reports.values import Report
from paddock.hub.types import Caller, Need

router = APIRouter()

Revision = Annotated[str, Field(min_length=1, max_length=255)]
Texts = list[str]


class MessageBody(BaseModel):
    text: str


class DecisionBody(BaseModel):
    """``public`` is ``now``, ``private`` or the moment at which an embargo ends."""

    state: State | None = None
    impact: Impact | None = None
    ease: Ease | None = None
    public: Literal["now", "private"] | datetime | None = None
    fixed_in: Annotated[Revision | None, Field(alias="fixedIn")] = None
    duplicate_of: Annotated[str | None, Field(alias="duplicateOf", max_length=24)] = None
    message: str = ""


class CreditBody(BaseModel):
    credited: StrictBool


class CaseBody(BaseModel):
    """Texts and patterns that an answer must, or must not, hold; and where the file is to be."""

    must_not_contain: Annotated[Texts, Field(alias="mustNotContain", default_factory=list)]
    must_contain: Annotated[Texts, Field(alias="mustContain", default_factory=list)]
    must_not_match: Annotated[Texts, Field(alias="mustNotMatch", default_factory=list)]
    must_match: Annotated[Texts, Field(alias="mustMatch", default_factory=list)]
    keep: Literal["nowhere", "commit", "pull_request"] = "nowhere"
    disclose: StrictBool = False


class Opened(NamedTuple):
    """A report, and who acts on it in a transaction that may change it."""

    acting: Acting
    report: Report


@router.post(REPORT + "/messages")
def say(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    report_id: ReportIdInPath,
    body: MessageBody,
) -> dict[str, Any]:
    """Say something to the reporter, or to the maintainers."""
    with changing(hub, caller, name, report_id, Part.REPORTER) as (acting, report):
        after = acts.say(acting, report, body.text)
        return whole(acting.conn, caller, acting.repo, after)


@router.post(REPORT + "/decision")
def decide(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    report_id: ReportIdInPath,
    body: DecisionBody,
) -> dict[str, Any]:
    """Decide how bad it is, who may see it, where it stands; some of it is the reporter's, too."""
    with changing(hub, caller, name, report_id, Part.REPORTER) as (acting, report):
        original = None
        if body.duplicate_of is not None:
            original = rows.find_report(acting.conn, caller, acting.repo, body.duplicate_of)
        decision = Decision(
            state=body.state,
            impact=body.impact,
            ease=body.ease,
            visibility=visibility_of(body.public),
            fixed_in=body.fixed_in,
            duplicate_of=original if acting.part is Part.MAINTAINER else None,
            message=body.message,
        )
        after = acts.decide(acting, report, decision)
        return whole(acting.conn, caller, acting.repo, after)


@router.post(REPORT + "/join")
def join(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, report_id: ReportIdInPath
) -> dict[str, Any]:
    """Let new reports of the same prompt be this one again, so many at once."""
    with changing(hub, caller, name, report_id, Part.MAINTAINER) as (acting, report):
        done = alike.join_alike(acting, report)
    return {"joined": done.joined, "left": done.left}


@router.post(REPORT + "/credit")
def credit(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    report_id: ReportIdInPath,
    body: CreditBody,
) -> dict[str, Any]:
    """Be named as the reporter, or no longer."""
    with changing(hub, caller, name, report_id, Part.REPORTER) as (acting, report):
        after = acts.set_credit(acting, report, is_credited=body.credited)
        return whole(acting.conn, caller, acting.repo, after)


@router.post(REPORT + "/case")
def export(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    report_id: ReportIdInPath,
    body: CaseBody,
) -> dict[str, Any]:
    """The report as a case that the next release must pass."""
    asked = cases.read_conditions(
        body.must_not_contain, body.must_contain, body.must_not_match, body.must_match
    )
    with changing(hub, caller, name, report_id, Part.MAINTAINER) as (acting, report):
        link = hub.base_url(request) + web_path(acting.repo, report)
        text = cases.render_case(acting.repo, report, asked, link).decode()
        told: dict[str, Any] = {"path": cases.path_of(report), "content": text}
        if body.keep != "nowhere":
            how = Keeping(link, body.keep == "pull_request", body.disclose)
            kept = keeping.keep_case(acting.conn, acting.repo, report, acting.actor, asked, how)
            told["commit"] = kept.commit_oid
            if kept.num is not None:
                told["pullRequest"] = kept.num
    return told


@contextmanager
def changing(
    hub: Hub, caller: Caller, name: RepositoryName, report_id: str, least: Part
) -> Iterator[Opened]:
    """The report, which nobody else changes until the transaction ends, for who may change it."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        report = rows.find_report(conn, caller, repo, report_id)
        actor, part = require_speaker(conn, caller, repo, report, least)
        yield Opened(Acting(conn, repo, actor, part), report)


def visibility_of(public: str | datetime | None) -> Visibility | None:
    """What ``public`` says; a moment without a zone is UTC."""
    if public is None:
        return None
    if isinstance(public, datetime):
        return Visibility(public if public.tzinfo else public.replace(tzinfo=UTC))
    return Visibility(clock.now() if public == "now" else None)
