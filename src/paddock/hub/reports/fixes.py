"""What a revision put right: the reports that its maintainers say it fixes.

Only those that whoever asks may see; a release's page and an advisory's ask here.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.discussions.threads import people
from paddock.hub.reports import rows
from paddock.hub.reports.states import State
from paddock.hub.reports.tables import reports
from paddock.hub.reports.values import Report
from paddock.hub.types import Caller, Repository

MAX_SHOWN = 100
_OVER = (State.FIXED, State.CLOSED)


class Fixed(NamedTuple):
    """A revision, and how many reports it fixes of those that the caller may see."""

    revision: str
    commit_oid: str
    total: int


def fixed_in(
    conn: sa.Connection, caller: Caller, repo: Repository, commit_oid: str
) -> list[Report]:
    """The reports that are fixed in this very commit, the worst first, at most ``MAX_SHOWN``."""
    c = reports.c
    listed = sa.select(*rows.LISTED)
    where = _is_fixed(conn, caller, repo, clock.now())
    query = listed.where(where, c.fixed_oid == commit_oid).order_by(c.id).limit(MAX_SHOWN)
    found = [dict(row) for row in conn.execute(query).mappings()]
    known = people(conn, [row["reporter_id"] for row in found])
    fixed = [rows.to_report(row, known) for row in found]
    return sorted(fixed, key=lambda report: -report.severity.rank)


def fixes(conn: sa.Connection, caller: Caller, repo: Repository) -> list[Fixed]:
    """Every revision that fixes some, the latest fix first."""
    c = reports.c
    query = (
        sa.select(c.fixed_in, c.fixed_oid, sa.func.count())
        .where(_is_fixed(conn, caller, repo, clock.now()), c.fixed_oid.is_not(None))
        .group_by(c.fixed_in, c.fixed_oid)
        .order_by(sa.func.max(c.updated_at).desc())
        .limit(MAX_SHOWN)
    )
    return [Fixed(revision, oid, int(count)) for revision, oid, count in conn.execute(query)]


def _is_fixed(
    conn: sa.Connection, caller: Caller, repo: Repository, now: datetime
) -> sa.ColumnElement[bool]:
    c = reports.c
    seen = rows.visible(conn, caller, repo, now)
    return sa.and_(c.repo_id == repo.id, c.state.in_(_OVER), seen)
