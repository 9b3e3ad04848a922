"""What happens in a report: written as one more event, and told to whom it concerns.

That is the reporter and the maintainers, whoever else may read the report; nobody is told of what
they do themselves. The caller has checked who may do what, and holds the repository's lock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from paddock import clock
from paddock.hub.discussions.texts import render_comment
from paddock.hub.discussions.threads import people
from paddock.hub.notifications.maintainers import maintainers
from paddock.hub.notifications.notices import NewNotice, notify
from paddock.hub.people.accounts import new_public_id
from paddock.hub.reports import rows, words
from paddock.hub.reports.rules import ReportFull, TooManyReports
from paddock.hub.reports.tables import report_events
from paddock.hub.reports.values import Event, Report, Said
from paddock.hub.types import Account, Repository

# What all of one report may hold, as it is answered whole.
MAX_EVENTS: Final = 1_000
MAX_REPORT_BYTES: Final = 4 * 1024 * 1024
MAX_MESSAGES_AN_HOUR: Final = 60  # of one account, in all reports


def append(
    conn: sa.Connection,
    repo: Repository,
    report: Report,
    actor: Account | None,
    type_: Said,
    facts: Mapping[str, Any],
) -> Report:
    """Let this happen, and tell it; raises ReportFull. None acts for the hub itself."""
    _insert(conn, report, actor, type_, facts, None)
    tell(conn, repo, report, actor, type_, facts)
    return _counted(conn, report, 0)


def append_message(
    conn: sa.Connection, repo: Repository, report: Report, author: Account, text: str
) -> Report:
    """Somebody says something; raises ReportFull, TooManyReports."""
    _check_pace(conn, author)
    html = render_comment(conn, text).html
    size_bytes = len(text.encode()) + len(html.encode())
    if report.text_bytes + size_bytes > MAX_REPORT_BYTES:
        raise _full()
    _insert(conn, report, author, Said.MESSAGE, {}, (text, html))
    tell(conn, repo, report, author, Said.MESSAGE, {})
    return _counted(conn, report, size_bytes)


def list_events(conn: sa.Connection, report: Report) -> list[Event]:
    """Everything that happened, in its order."""
    c = report_events.c
    query = sa.select(report_events).where(c.report_id == report.id).order_by(c.id)
    found = conn.execute(query).mappings().all()
    known = people(conn, [row["author_id"] for row in found])
    return [
        Event(
            public_id=row["public_id"],
            type=Said(row["type"]),
            author=known.get(row["author_id"]),
            is_by_reporter=row["is_by_reporter"],
            created_at=row["created_at"],
            facts=row["facts"],
            raw=row["raw"],
            html=row["html"],
        )
        for row in found
    ]


def tell(
    conn: sa.Connection,
    repo: Repository,
    report: Report,
    actor: Account | None,
    type_: Said,
    facts: Mapping[str, Any],
) -> None:
    """Let the reporter and the maintainers know, but for whoever did it."""
    told = maintainers(conn, repo)
    if report.reporter is not None:
        told.add(report.reporter.id)
    if actor is not None:
        told.discard(actor.id)
    who = "the reporter" if _is_by_reporter(report, actor) else actor.name if actor else ""
    what = words.sentence(type_, facts)
    notify_about(conn, repo, report, told, f"“{report.title}”: {who} {what}".replace("  ", " "))


def notify_about(
    conn: sa.Connection, repo: Repository, report: Report, told: Collection[int], sentence: str
) -> None:
    """Tell these users this of a report."""
    path = f"/reports/{report.public_id}"
    notify(conn, repo, told, NewNotice(f"report:{report.public_id}", sentence, path))


def _insert(
    conn: sa.Connection,
    report: Report,
    author: Account | None,
    type_: Said,
    facts: Mapping[str, Any],
    text: tuple[str, str] | None,
) -> None:
    if report.event_count >= MAX_EVENTS:
        raise _full()
    row = {
        "public_id": new_public_id(),
        "report_id": report.id,
        "type": type_,
        "author_id": author.id if author else None,
        "is_by_reporter": _is_by_reporter(report, author),
        "created_at": clock.now(),
        "facts": dict(facts),
        "raw": text[0] if text else None,
        "html": text[1] if text else None,
    }
    conn.execute(report_events.insert().values(row))


def _is_by_reporter(report: Report, actor: Account | None) -> bool:
    reporter = report.reporter
    return actor is not None and reporter is not None and actor.id == reporter.id


def _counted(conn: sa.Connection, report: Report, size_bytes: int) -> Report:
    after = replace(
        report,
        event_count=report.event_count + 1,
        text_bytes=report.text_bytes + size_bytes,
        updated_at=clock.now(),
    )
    rows.set_columns(
        conn,
        report,
        event_count=after.event_count,
        text_bytes=after.text_bytes,
        updated_at=after.updated_at,
    )
    return after


def _check_pace(conn: sa.Connection, author: Account) -> None:
    c = report_events.c
    since = clock.now() - timedelta(hours=1)
    query = sa.select(sa.func.count()).where(
        c.author_id == author.id, c.created_at > since, c.type == Said.MESSAGE
    )
    if int(conn.execute(query).scalar_one()) >= MAX_MESSAGES_AN_HOUR:
        raise TooManyReports(
            f"you wrote {MAX_MESSAGES_AN_HOUR} messages within an hour", hint="try again later"
        )


def _full() -> ReportFull:
    return ReportFull("this report holds as much as a report may", hint="write a new one")
