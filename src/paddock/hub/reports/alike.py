"""Reports with the same prompt, which one decision joins to one of them.

What is the same is the conversation without regard to case and space. Knows rows; that somebody may
decide was asked by whoever calls, who holds the repository's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.hub.reports import acts, rows
from paddock.hub.reports.acts import Acting, Decision, Visibility
from paddock.hub.reports.states import State
from paddock.hub.reports.tables import reports
from paddock.hub.reports.values import Report, Turn

MAX_AT_ONCE: Final = 100


class Joined(NamedTuple):
    """How many became duplicates, and how many wait still."""

    joined: int
    left: int


def prompt_digest(turns: Sequence[Turn]) -> str:
    """What two reports of the same prompt have in common."""
    plain = "\n".join(f"{turn.role}:{' '.join(turn.content.split()).casefold()}" for turn in turns)
    return sha256_hex(plain.encode("utf-8", "surrogatepass"))


def count_alike(conn: sa.Connection, report: Report) -> int:
    """How many other new reports of the repository have the same prompt."""
    query = sa.select(sa.func.count()).select_from(reports).where(_alike(report))
    return int(conn.scalar(query) or 0)


def join_alike(acting: Acting, original: Report) -> Joined:
    """Let new reports of the same prompt be duplicates of this one, so many at once."""
    if original.state in (State.NEW, State.DUPLICATE):
        raise BadInput(
            f"the report {original.public_id} is {original.state.label}",
            hint="triage it first, then join the others to it",
        )
    if original.impact is None or original.ease is None:
        raise BadInput("say how bad the report is before others are joined to it")
    conn = acting.conn
    query = sa.select(reports.c.id).where(_alike(original)).order_by(reports.c.id)
    ids = list(conn.execute(query.limit(MAX_AT_ONCE)).scalars())
    seen = Decision(
        State.TRIAGED, impact=original.impact, ease=original.ease, visibility=Visibility(None)
    )
    again = Decision(State.DUPLICATE, duplicate_of=original)
    for report in rows.reports_by_id(conn, ids):
        acts.decide(acting, acts.decide(acting, report, seen), again)
    return Joined(len(ids), count_alike(conn, original))


def _alike(report: Report) -> sa.ColumnElement[bool]:
    c = reports.c
    same = sa.select(c.prompt_sha256).where(c.id == report.id).scalar_subquery()
    return sa.and_(
        c.repo_id == report.repo_id,
        c.prompt_sha256 == same,
        c.state == State.NEW,
        c.id != report.id,
    )
