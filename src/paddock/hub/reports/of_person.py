"""The reports that one person wrote, in all repositories that they still see."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.discussions.threads import people
from paddock.hub.lookup import to_repository
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.reports.rows import LISTED, to_report
from paddock.hub.reports.tables import reports
from paddock.hub.reports.values import Report
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Repository


class Placed(NamedTuple):
    """A report, and the repository that it is about."""

    repo: Repository
    report: Report


def written_by(conn: sa.Connection, caller: Caller, account: Account, part: Part) -> Page[Placed]:
    """What somebody reported of repositories that they still see, what changed last first."""
    c = reports.c
    query = sa.select(*LISTED, repositories).join_from(reports, repositories)
    query = query.where(c.reporter_id == account.id, access.visible_to(caller))
    order = Order((c.updated_at, c.id), (datetime, int))
    known = people(conn, [account.id])

    def placed(row: sa.RowMapping) -> Placed:
        told = {column.name: row[column] for column in LISTED}
        return Placed(to_repository(row), to_report(told, known))

    return read_page(conn, query, order, part, placed)
