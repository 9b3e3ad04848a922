"""Reports in the words of the API: as a list tells them, and whole, for who is allowed how much.

Pure. Who reported is told where they want to be named, and to themselves; messages, and who may
decide what, to the reporter and the maintainers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from paddock import clock
from paddock.hub.profiles.overview import render_account
from paddock.hub.reports import words
from paddock.hub.reports.rules import Part
from paddock.hub.reports.states import steps_from
from paddock.hub.reports.values import Event, Replay, Report, Said
from paddock.hub.types import Repository

# What is between the reporter and the maintainers.
PRIVATE = frozenset({Said.MESSAGE, Said.CREDIT, Said.JOINED})


def render_listed(repo: Repository, report: Report, now: datetime) -> dict[str, Any]:
    """A report as lists tell it."""
    told: dict[str, Any] = {
        "id": report.public_id,
        "title": report.title,
        "category": str(report.category),
        "state": str(report.state),
        "severity": str(report.severity),
        "severityDecided": report.is_severity_decided,
        "public": report.is_public(now),
        "createdAt": clock.to_text(report.created_at),
        "updatedAt": clock.to_text(report.updated_at),
        "repo": {"name": repo.full_name, "type": str(repo.kind)},
        "url": web_path(repo, report),
    }
    if report.commit_oid is not None:
        told["revision"] = report.commit_oid
    if report.due_at is not None:
        told["dueAt"] = clock.to_text(report.due_at)
        told["overdue"] = report.is_overdue(now)
    if report.fixed_oid is not None:
        told["fixedIn"] = {"revision": report.fixed_in, "commit": report.fixed_oid}
    if report.is_credited and report.reporter is not None:
        told["reporter"] = render_account(report.reporter)
    return told


def render_report(
    repo: Repository,
    report: Report,
    part: Part,
    happened: Sequence[Event],
    replays: Sequence[Replay],
) -> dict[str, Any]:
    """All of a report that somebody of this part may see."""
    told = render_listed(repo, report, clock.now())
    evidence = report.evidence
    if evidence.is_bare:
        told["prompt"] = evidence.turns[0].content
    else:
        told["messages"] = [{"role": t.role, "content": t.content} for t in evidence.turns]
    told |= {
        "settings": dict(evidence.settings),
        "output": evidence.output,
        "expected": evidence.expected,
        "details": {"raw": report.details, "html": report.details_html},
        "replays": [render_replay(replay) for replay in replays],
        "events": [render_event(report, one) for one in shown_events(happened, part)],
    }
    if report.impact is not None and report.ease is not None:
        told["impact"], told["ease"] = str(report.impact), str(report.ease)
    if part >= Part.REPORTER:
        is_maintainer = part is Part.MAINTAINER
        steps = steps_from(report.state, is_maintainer=is_maintainer)
        told |= {
            "you": "maintainer" if is_maintainer else "reporter",
            "next": [str(state) for state in steps],
            "credited": report.is_credited,
            "respondBy": clock.to_text(report.respond_by),
            "fixBy": clock.to_text(report.fix_by),
        }
        if report.public_from is not None:
            told["publicFrom"] = clock.to_text(report.public_from)
    return told


def shown_events(happened: Sequence[Event], part: Part) -> list[Event]:
    """Those of the events that somebody of this part may see."""
    return [one for one in happened if part >= Part.REPORTER or one.type not in PRIVATE]


def render_event(report: Report, event: Event) -> dict[str, Any]:
    """Something that happened; the reporter is named where they want to be."""
    told: dict[str, Any] = {
        "id": event.public_id,
        "type": str(event.type),
        "by": actor_of(report, event),
        "sentence": words.sentence(event.type, event.facts),
        "createdAt": clock.to_text(event.created_at),
        "facts": dict(event.facts),
    }
    if event.raw is not None:
        told["message"] = {"raw": event.raw, "html": event.html}
    return told


def actor_of(report: Report, event: Event) -> str:
    """Who did it, as everybody may read it; empty for the hub itself."""
    if event.is_by_reporter:
        named = report.is_credited and report.reporter is not None
        return report.reporter.name if named and report.reporter else "the reporter"
    if event.author is None:
        return "" if event.type is Said.ORIGINAL else "a former user"
    return event.author.name


def render_replay(replay: Replay) -> dict[str, Any]:
    """What a model said again."""
    return {
        "id": replay.public_id,
        "revision": replay.commit_oid,
        "output": replay.output,
        "identical": replay.is_identical,
        "finishReason": replay.finish,
        "maxTokens": replay.max_tokens,
        "createdAt": clock.to_text(replay.created_at),
    }


def web_path(repo: Repository, report: Report) -> str:
    """Where a report's page is."""
    return f"{repo.web_path}/reports/{report.public_id}"
