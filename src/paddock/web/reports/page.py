"""One report: what was asked and answered, how it stands, what happened, and what may be done.

Messages are HTML that was sanitised when they were written; everything else is text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup

from paddock import clock
from paddock.hub.advisories import rows as advisory_rows
from paddock.hub.context import Hub, HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.reports import alike, events, rendering, replays, rows, severity, words
from paddock.hub.reports.cases import EXPORTED
from paddock.hub.reports.rules import Part, part_in
from paddock.hub.reports.states import MEANS, State, steps_from
from paddock.hub.reports.values import Event, Report, Said
from paddock.hub.types import Repository
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.discussions.comment_html import shown_comment
from paddock.web.page_routes import page_router
from paddock.web.reports.filing import REPORTS, TAB
from paddock.web.repository.shell import Shell, open_shell

router = page_router()

REPORT = REPORTS + "/{report_id:segment}"


class _Shown(NamedTuple):
    """An event as the page tells it: a message's HTML, or a sentence."""

    id: str
    who: str
    is_reporter: bool
    when: Any
    sentence: str
    html: Markup | None


@dataclass(frozen=True, slots=True)
class Deciding:
    """What somebody writes below a report, before it is sent."""

    message: str = ""
    state: str = ""
    impact: str = ""
    ease: str = ""
    public: str = ""
    until: str = ""
    fixed_in: str = ""
    duplicate_of: str = ""
    problem: str | None = None


@router.get(REPORT)
def show_report(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    report_id: str,
) -> Response:
    """A report, for who may see it."""
    return show(request, hub, visitor, name, report_id)


def show(
    request: Request,
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    report_id: str,
    deciding: Deciding | None = None,
    status_code: int = 200,
) -> Response:
    """The same, with what somebody wrote who was refused."""
    now = clock.now()
    is_serving = getattr(request.app.state, "serving", None) is not None
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, TAB)
        repo = shell.repo
        report, part = rows.open_report(conn, visitor.caller, repo, report_id, Part.READER)
        happened = rendering.shown_events(events.list_events(conn, report), part)
        values = {
            "happened": [_shown(report, event) for event in happened],
            "replays": replays.list_replays(conn, report),
            "original": _original(conn, visitor, repo, report),
            "alike": alike.count_alike(conn, report) if part is Part.MAINTAINER else 0,
            "advisories": advisory_rows.advisories_from(conn, report),
        }
    return visitor.show(
        "reports/one.html",
        status_code,
        shell=shell,
        report=report,
        now=now,
        details=shown_comment(report.details_html),
        state_means=MEANS[report.state],
        is_public=report.is_public(now),
        deciding=deciding or _as_it_stands(report, part),
        **values,
        **_may(visitor, shell, report, part, is_serving=is_serving),
    )


def _may(
    visitor: Visitor, shell: Shell, report: Report, part: Part, *, is_serving: bool
) -> dict[str, Any]:
    """What the visitor may do here."""
    is_maintainer = part is Part.MAINTAINER and visitor.session is not None
    is_party = part >= Part.REPORTER and visitor.session is not None
    is_replayable = is_serving and is_party and report.commit_oid is not None
    user = visitor.user
    is_own = report.reporter is not None and user is not None and user.id == report.reporter.id
    return {
        "is_party": is_party,
        "is_maintainer": is_maintainer,
        "is_own": is_own and is_party,
        "steps": steps_from(report.state, is_maintainer=is_maintainer) if is_party else [],
        "may_replay": is_replayable and shell.repo.head_oid is not None,
        "replay_tokens": replays.tokens_of(report),
        "may_join": is_maintainer and report.state not in (State.NEW, State.DUPLICATE),
        "may_export": is_maintainer and report.state in EXPORTED,
        "impacts": severity.IMPACT_MEANS,
        "eases": severity.EASE_MEANS,
    }


def _as_it_stands(report: Report, part: Part) -> Deciding:
    if part is not Part.MAINTAINER:
        return Deciding()
    return Deciding(impact=report.impact or "", ease=report.ease or "")


def _original(
    conn: sa.Connection, visitor: Visitor, repo: Repository, report: Report
) -> Report | None:
    """The report that this one repeats, if the visitor may see it."""
    ids = [report.duplicate_of_id] if report.duplicate_of_id is not None else []
    for original in rows.reports_by_id(conn, ids):
        if part_in(conn, visitor.caller, repo, original, clock.now()) is not Part.NOBODY:
            return original
    return None


def _shown(report: Report, event: Event) -> _Shown:
    is_message = event.type is Said.MESSAGE
    return _Shown(
        event.public_id,
        rendering.actor_of(report, event),
        event.is_by_reporter,
        event.created_at,
        words.sentence(event.type, event.facts),
        shown_comment(event.html or "") if is_message else None,
    )
