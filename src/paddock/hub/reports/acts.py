"""What is decided about a report: how bad it is, who may see it, where it stands, who is named.

Everything that is decided at once comes as one ``Decision``, and is told as it is made. The caller
has found out what the actor is to the report, and holds the repository's lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.discussions.rules import check_text
from paddock.hub.git import refs
from paddock.hub.reports import events, joining, rows
from paddock.hub.reports.rules import Part, ReportsNotForAll
from paddock.hub.reports.severity import Ease, Impact, severity_of
from paddock.hub.reports.states import State, check_step
from paddock.hub.reports.values import Report, Said
from paddock.hub.types import Account, Repository

MAX_EMBARGO: Final = timedelta(days=730)


class Visibility(NamedTuple):
    """Who is to see it: nobody else (None), or everybody from a moment on."""

    public_from: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides; None leaves a thing as it is."""

    state: State | None = None
    impact: Impact | None = None
    ease: Ease | None = None
    visibility: Visibility | None = None
    fixed_in: str | None = None  # a revision, for the state ``fixed``
    duplicate_of: Report | None = None  # for the state ``duplicate``
    message: str = ""


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who decides something about a report."""

    conn: sa.Connection
    repo: Repository
    actor: Account
    part: Part


def decide(acting: Acting, report: Report, decision: Decision) -> Report:
    """The report as it is now; raises BadInput, WrongStep, NotYourStep, RevisionNotFound."""
    is_maintainer = acting.part is Part.MAINTAINER
    _check(report, decision, is_maintainer=is_maintainer)
    if decision.impact is not None and decision.ease is not None:
        report = _rate(acting, report, decision.impact, decision.ease)
    if decision.visibility is not None:
        report = _show(acting, report, decision.visibility.public_from)
    if decision.message.strip():
        report = say(acting, report, decision.message)
    if decision.state is not None:
        report = _step(acting, report, decision.state, decision)
    note(
        acting.conn,
        Act.REPORT_DECIDE,
        repo=acting.repo,
        report=report.public_id,
        what=_named(decision),
    )
    return report


def _named(decision: Decision) -> list[str]:
    """What was decided, without any words of it."""
    told = [
        (decision.state is not None, f"state {decision.state}"),
        (decision.impact is not None, f"impact {decision.impact}"),
        (decision.ease is not None, f"ease {decision.ease}"),
        (decision.visibility is not None, "visibility"),
        (bool(decision.message.strip()), "message"),
    ]
    return [word for is_said, word in told if is_said]


def say(acting: Acting, report: Report, text: str) -> Report:
    """A message to the other side; raises BadInput, TooLarge, ReportFull, TooManyReports."""
    text = check_text(text)
    return events.append_message(acting.conn, acting.repo, report, acting.actor, text)


def set_credit(acting: Acting, report: Report, *, is_credited: bool) -> Report:
    """Whether the reporter is named, which is theirs alone to say."""
    if report.reporter is None or report.reporter.id != acting.actor.id:
        raise ReportsNotForAll("only the reporter says whether they are named")
    if report.is_credited == is_credited:
        return report
    rows.set_columns(acting.conn, report, is_credited=is_credited)
    after = replace(report, is_credited=is_credited)
    note(
        acting.conn,
        Act.REPORT_DECIDE,
        repo=acting.repo,
        report=report.public_id,
        credited=is_credited,
    )
    return _told(acting, after, Said.CREDIT, {"credited": is_credited})


def _check(report: Report, decision: Decision, *, is_maintainer: bool) -> None:
    """Refuse what does not belong together, or is not theirs to decide."""
    if decision.state is not None:
        check_step(report.state, decision.state, is_maintainer=is_maintainer)
    decides = (decision.impact, decision.ease, decision.visibility, decision.fixed_in)
    if not is_maintainer and any(value is not None for value in decides):
        raise ReportsNotForAll("only maintainers decide how bad a report is and who sees it")
    if (decision.impact is None) != (decision.ease is None):
        raise BadInput("a severity needs both the impact and the ease")
    if (decision.state is State.FIXED) != bool(decision.fixed_in):
        raise BadInput(
            "a fixed report names the revision that puts it right, and no other one does"
        )
    if (decision.state is State.DUPLICATE) != (decision.duplicate_of is not None):
        raise BadInput("a duplicate names the report that it repeats, and no other one does")
    if report.state is State.NEW and decision.state is State.TRIAGED:
        if decision.impact is None or decision.visibility is None:
            raise BadInput(
                "triage says how bad the report is, and who may see it",
                hint="give impact and ease, and public",
            )
    elif report.state is State.NEW and decision.visibility is not None:
        raise BadInput("a report stays private until it was triaged")
    until = decision.visibility.public_from if decision.visibility else None
    if until is not None and until > clock.now() + MAX_EMBARGO:
        raise BadInput(f"an embargo lasts at most {MAX_EMBARGO.days} days")


def _rate(acting: Acting, report: Report, impact: Impact, ease: Ease) -> Report:
    if report.is_severity_decided and (report.impact, report.ease) == (impact, ease):
        return report
    after = replace(
        report,
        impact=impact,
        ease=ease,
        severity=severity_of(impact, ease),
        is_severity_decided=True,
    )
    columns = ("impact", "ease", "severity", "is_severity_decided", "due_at")
    _save(acting, after, *columns)
    facts = {"severity": after.severity, "impact": impact, "ease": ease}
    return _told(acting, after, Said.SEVERITY, facts)


def _show(acting: Acting, report: Report, public_from: datetime | None) -> Report:
    moment = clock.now()
    is_embargo = public_from is not None and public_from > moment
    if public_from is not None and not is_embargo:
        public_from = moment if report.public_from is None else min(report.public_from, moment)
    after = replace(report, public_from=public_from)
    _save(acting, after, "public_from")
    told = None if public_from is None else public_from.isoformat()
    return _told(acting, after, Said.VISIBILITY, {"public_from": told, "embargo": is_embargo})


def _step(acting: Acting, report: Report, state: State, decision: Decision) -> Report:
    before, facts = report.state, {"from": str(report.state), "to": str(state)}
    after = replace(report, state=state)
    if state is State.DUPLICATE and decision.duplicate_of is not None:
        original = joining.original_of(acting.conn, report, decision.duplicate_of)
        joining.join(acting.conn, report, original)
        after = replace(after, duplicate_of_id=original.id)
    elif before is State.DUPLICATE and state is not State.CLOSED:
        after = replace(after, duplicate_of_id=None)
    if state is State.FIXED and decision.fixed_in:
        named, commit_oid = _fix(acting, decision.fixed_in)
        after = replace(after, fixed_in=named, fixed_oid=commit_oid)
        facts["fixed_in"] = named
    elif before is State.FIXED and state is not State.CLOSED:
        after = replace(after, fixed_in=None, fixed_oid=None)
    if state is State.CLOSED and acting.part is Part.REPORTER and before is not State.FIXED:
        facts["withdrawn"] = "yes"
    _save(acting, after, "state", "duplicate_of_id", "fixed_in", "fixed_oid", "due_at")
    after = _told(acting, after, Said.STATE, facts)
    joining.tell_duplicates(acting.conn, acting.repo, after, facts)
    if state is State.DUPLICATE:
        joining.tell_original(acting.conn, acting.repo, after, acting.actor)
    return after


def _fix(acting: Acting, revision: str) -> tuple[str, str]:
    """A tag keeps its name; what may move is told by its commit."""
    commit_oid = refs.resolve_revision(acting.conn, acting.repo, revision)
    tag = refs.find_ref(acting.conn, acting.repo, refs.TAGS + revision)
    return (revision if tag is not None else commit_oid), commit_oid


def _save(acting: Acting, after: Report, *columns: str) -> None:
    values: dict[str, Any] = {name: getattr(after, name) for name in columns}
    rows.set_columns(acting.conn, after, **values)


def _told(acting: Acting, report: Report, type_: Said, facts: dict[str, Any]) -> Report:
    return events.append(acting.conn, acting.repo, report, acting.actor, type_, facts)
