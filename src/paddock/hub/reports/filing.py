"""A new report: whoever sees a repository and is signed in may write one, so many in an hour.

It begins private, with what its writer thinks of its severity; the first deadline runs from then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.discussions.rules import check_text, check_title
from paddock.hub.discussions.texts import render_comment
from paddock.hub.git import refs
from paddock.hub.notifications.maintainers import maintainers
from paddock.hub.people.accounts import new_public_id
from paddock.hub.reports import events, flood
from paddock.hub.reports.alike import prompt_digest
from paddock.hub.reports.evidence import read_evidence
from paddock.hub.reports.rows import to_report
from paddock.hub.reports.rules import TooManyReports
from paddock.hub.reports.severity import UNKNOWN, Ease, Impact, respond_by, severity_of
from paddock.hub.reports.states import State
from paddock.hub.reports.tables import reports
from paddock.hub.reports.values import Category, Report
from paddock.hub.tables import accounts
from paddock.hub.types import Account, Repository

MAX_AN_HOUR: Final = 10  # of one account, about all repositories
MAX_A_DAY: Final = 40


@dataclass(frozen=True, slots=True)
class NewReport:
    """What somebody tells; ``turns`` are roles and texts, a bare prompt has the role ``prompt``."""

    category: Category
    title: str
    turns: Sequence[tuple[str, str]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    expected: str = ""
    details: str = ""
    revision: str = ""  # empty: what main leads to
    impact: Impact | None = None
    ease: Ease | None = None
    is_credited: bool = False


def file_report(conn: sa.Connection, repo: Repository, reporter: Account, new: NewReport) -> Report:
    """The report, which its maintainers are told of.

    Raises BadInput, TooLarge, RevisionNotFound, TooManyReports.
    """
    evidence = read_evidence(new.turns, new.settings, new.output, new.expected)
    details = check_text(new.details, may_be_empty=True)
    title = check_title(new.title)
    named = new.revision.strip()
    commit_oid = refs.resolve_revision(conn, repo, named) if named else repo.head_oid
    _check_pace(conn, reporter)
    lately = flood.check_repository(conn, repo, reporter)
    moment = clock.now()
    is_rated = new.impact is not None and new.ease is not None
    severity = severity_of(new.impact, new.ease) if new.impact and new.ease else UNKNOWN
    row = {
        "public_id": new_public_id(),
        "repo_id": repo.id,
        "reporter_id": reporter.id,
        "is_credited": new.is_credited,
        "category": new.category,
        "title": title,
        "state": State.NEW,
        "impact": new.impact if is_rated else None,
        "ease": new.ease if is_rated else None,
        "severity": severity,
        "is_severity_decided": False,
        "revision": named or ("main" if commit_oid else None),
        "commit_oid": commit_oid,
        "turns": [list(turn) for turn in evidence.turns],
        "prompt_sha256": prompt_digest(evidence.turns),
        "settings": dict(evidence.settings),
        "output": evidence.output,
        "expected": evidence.expected,
        "details": details,
        "details_html": render_comment(conn, details).html,
        "due_at": respond_by(severity, moment),
        "event_count": 0,
        "text_bytes": 0,
        "created_at": moment,
        "updated_at": moment,
    }
    made = conn.execute(reports.insert().values(row).returning(reports)).mappings().one()
    report = to_report(made, {reporter.id: reporter})
    if lately < flood.TOLD_EACH:
        told = maintainers(conn, repo) - {reporter.id}
        sentence = f"a {report.severity} report on {repo.full_name}: “{report.title}”"
        events.notify_about(conn, repo, report, told, sentence)
    else:
        flood.tell_of_flood(conn, repo, lately)
    note(conn, Act.REPORT_FILE, repo=repo, report=report.public_id)
    return report


def _check_pace(conn: sa.Connection, reporter: Account) -> None:
    """Raise TooManyReports; one request of a user after the other, so that none slips through."""
    conn.execute(sa.select(accounts.c.id).where(accounts.c.id == reporter.id).with_for_update())
    moment = clock.now()
    for most, span in ((MAX_AN_HOUR, timedelta(hours=1)), (MAX_A_DAY, timedelta(days=1))):
        if _count_since(conn, reporter, moment - span) >= most:
            raise TooManyReports(
                f"you wrote {most} reports within {int(span.total_seconds() // 3600)} h",
                hint="say more in one of them, or come back later",
            )


def _count_since(conn: sa.Connection, reporter: Account, since: datetime) -> int:
    c = reports.c
    mine = sa.and_(c.reporter_id == reporter.id, c.created_at > since)
    return int(conn.execute(sa.select(sa.func.count()).where(mine)).scalar_one())
