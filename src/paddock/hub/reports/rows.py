"""Reports found, listed and changed.

Knows rows. Who may see what was decided (``rules``), or is a condition of the list. Whoever changes
a report holds its repository's lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub import access
from paddock.hub.discussions.threads import people
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.reports import rules
from paddock.hub.reports.flood import was_right
from paddock.hub.reports.severity import Ease, Impact, Severity
from paddock.hub.reports.states import WAITING, State
from paddock.hub.reports.tables import reports
from paddock.hub.reports.values import Category, Evidence, Report, Turn
from paddock.hub.types import Account, Caller, Repository

_ID = re.compile(r"[0-9a-f]{24}")
LONG = frozenset({"turns", "settings", "output", "expected", "details", "details_html"})
LISTED = [column for column in reports.c if column.name not in LONG]
_NOTHING = Evidence((), {}, "", "")  # of a report in a list


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports of a repository: ``state`` is one, or ``open``, ``over`` or ``all``."""

    state: str = "all"
    category: str = "all"
    is_overdue: bool = False
    is_mine: bool = False
    is_of_known: bool = False  # of those alone who were right before


def find_report(conn: sa.Connection, caller: Caller, repo: Repository, public_id: str) -> Report:
    """The report of this id, whoever may see it; raises what ``rules.missing`` gives."""
    if not _ID.fullmatch(public_id):
        raise rules.missing(caller, public_id)
    query = sa.select(reports).where(reports.c.repo_id == repo.id, reports.c.public_id == public_id)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise rules.missing(caller, public_id)
    return to_report(row, people(conn, [row["reporter_id"]]))


def open_report(
    conn: sa.Connection, caller: Caller, repo: Repository, public_id: str, least: rules.Part
) -> tuple[Report, rules.Part]:
    """The report, and what the caller is to it; raises what ``rules.require_part`` does."""
    report = find_report(conn, caller, repo, public_id)
    return report, rules.require_part(conn, caller, repo, report, least)


def reports_by_id(conn: sa.Connection, ids: Sequence[int]) -> list[Report]:
    """Reports of these rows, in their order; those that are gone are left out."""
    rows = conn.execute(sa.select(*LISTED).where(reports.c.id.in_(ids))).mappings().all()
    known = people(conn, [row["reporter_id"] for row in rows])
    return [to_report(row, known) for row in sorted(rows, key=lambda row: ids.index(row["id"]))]


def duplicates_of(conn: sa.Connection, report: Report, limit: int = 500) -> list[Report]:
    """Reports that are this one again."""
    query = sa.select(*LISTED).where(reports.c.duplicate_of_id == report.id)
    rows = conn.execute(query.order_by(reports.c.id).limit(limit)).mappings().all()
    known = people(conn, [row["reporter_id"] for row in rows])
    return [to_report(row, known) for row in rows]


def list_reports(
    conn: sa.Connection, caller: Caller, repo: Repository, wanted: Wanted, part: Part, now: datetime
) -> Page[Report]:
    """Those that the caller may see, what changed last first; raises BadInput."""
    c = reports.c
    seen = visible(conn, caller, repo, now)
    filters = [c.repo_id == repo.id, seen, *_filters(caller, wanted, now)]
    query = sa.select(*LISTED).where(*filters)
    page = read_page(conn, query, Order((c.updated_at, c.id)), part, dict)
    known = people(conn, [row["reporter_id"] for row in page.items])
    return Page([to_report(row, known) for row in page.items], page.next_cursor)


def counts(
    conn: sa.Connection, caller: Caller, repo: Repository, now: datetime
) -> tuple[int, int, int]:
    """How many of those that the caller may see wait, are over, and are late."""
    c = reports.c
    waits = c.state.in_(WAITING)
    late = sa.and_(waits, c.due_at < now)
    query = sa.select(
        sa.func.count().filter(waits), sa.func.count().filter(~waits), sa.func.count().filter(late)
    ).where(c.repo_id == repo.id, visible(conn, caller, repo, now))
    waiting, over, overdue = conn.execute(query).one()
    return int(waiting), int(over), int(overdue)


def visible(
    conn: sa.Connection, caller: Caller, repo: Repository, now: datetime
) -> sa.ColumnElement[bool]:
    """``rules.part_in`` as a condition on the reports of a repository that the caller sees."""
    if access.may_write(conn, caller, repo):
        return sa.true()
    public = reports.c.public_from <= now
    if caller.account is None or not rules.may_speak(caller, repo):
        return public
    return sa.or_(public, reports.c.reporter_id == caller.account.id)


def set_columns(conn: sa.Connection, report: Report, **columns: object) -> None:
    """Change a report's row."""
    conn.execute(reports.update().where(reports.c.id == report.id).values(**columns))


def to_report(row: Any, known: dict[int, Account]) -> Report:
    """A report from its row; one of a list comes without its texts."""
    evidence = _NOTHING
    if "turns" in row:
        turns = tuple(Turn(role, content) for role, content in row["turns"])
        evidence = Evidence(turns, row["settings"], row["output"], row["expected"])
    return Report(
        id=row["id"],
        public_id=row["public_id"],
        repo_id=row["repo_id"],
        category=Category(row["category"]),
        title=row["title"],
        state=State(row["state"]),
        impact=Impact(row["impact"]) if row["impact"] else None,
        ease=Ease(row["ease"]) if row["ease"] else None,
        severity=Severity(row["severity"]),
        is_severity_decided=row["is_severity_decided"],
        reporter=known.get(row["reporter_id"]),
        is_credited=row["is_credited"],
        revision=row["revision"],
        commit_oid=row["commit_oid"],
        evidence=evidence,
        details=row.get("details", ""),
        details_html=row.get("details_html", ""),
        public_from=row["public_from"],
        duplicate_of_id=row["duplicate_of_id"],
        fixed_in=row["fixed_in"],
        fixed_oid=row["fixed_oid"],
        event_count=row["event_count"],
        text_bytes=row["text_bytes"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _filters(caller: Caller, wanted: Wanted, now: datetime) -> Iterable[sa.ColumnElement[bool]]:
    c = reports.c
    if wanted.state == "open":
        yield c.state.in_(WAITING)
    elif wanted.state == "over":
        yield c.state.not_in(WAITING)
    elif wanted.state != "all":
        yield c.state == _one_of(State, "state", wanted.state)
    if wanted.category != "all":
        yield c.category == _one_of(Category, "category", wanted.category)
    if wanted.is_overdue:
        yield c.due_at < now
    if wanted.is_of_known:
        yield c.reporter_id.in_(was_right())
    if wanted.is_mine:
        yield c.reporter_id == (caller.account.id if caller.account else None)


def _one_of(values: type[State] | type[Category], what: str, text: str) -> str:
    if text not in set(values):
        raise BadInput(f"the {what} {shown(text)} is not known", hint=f"use {', '.join(values)}")
    return text
