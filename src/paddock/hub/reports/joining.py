"""One report is another one again: what becomes of that one is told to everyone who reported it.

A duplicate is joined to a report that is none itself, so nobody runs in circles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.reports import events, rows, words
from paddock.hub.reports.states import State
from paddock.hub.reports.tables import reports
from paddock.hub.reports.values import Report, Said
from paddock.hub.types import Account, Repository

MAX_JOINED_TOLD: Final = 500  # events of a report, beyond which those who join it go untold


def original_of(conn: sa.Connection, report: Report, named: Report) -> Report:
    """The report that ``report`` is to be joined to; raises BadInput."""
    original = named
    if named.state is State.DUPLICATE and named.duplicate_of_id is not None:
        original = rows.reports_by_id(conn, [named.duplicate_of_id])[0]
    if original.id == report.id:
        raise BadInput("a report cannot be a duplicate of itself")
    return original


def join(conn: sa.Connection, report: Report, original: Report) -> None:
    """Let what was joined to the report be joined to the other one, too."""
    c = reports.c
    moved = reports.update().where(c.duplicate_of_id == report.id)
    conn.execute(moved.values(duplicate_of_id=original.id))


def tell_original(conn: sa.Connection, repo: Repository, duplicate: Report, actor: Account) -> None:
    """Let the first reporter know that they are not the only one."""
    if duplicate.duplicate_of_id is None:
        return
    for original in rows.reports_by_id(conn, [duplicate.duplicate_of_id]):
        if original.event_count < MAX_JOINED_TOLD:  # a report that is full takes no message
            events.append(conn, repo, original, actor, Said.JOINED, {})


def tell_duplicates(
    conn: sa.Connection, repo: Repository, original: Report, facts: Mapping[str, Any]
) -> None:
    """Let everybody who reported the same know what became of it."""
    told = {name: facts[name] for name in ("to", "fixed_in") if name in facts}
    for duplicate in rows.duplicates_of(conn, original):
        if duplicate.event_count < events.MAX_EVENTS:
            events.append(conn, repo, duplicate, None, Said.ORIGINAL, told)
        elif duplicate.reporter is not None:
            sentence = f"“{duplicate.title}”: {words.sentence(Said.ORIGINAL, told)}"
            events.notify_about(conn, repo, duplicate, {duplicate.reporter.id}, sentence)
