"""Advisories found and listed: of one repository, and of all that a caller sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock.errors import NotFound
from paddock.hub import access
from paddock.hub.advisories.tables import advisories, advisory_reports
from paddock.hub.advisories.values import Advisory, Affected, Bound, Placed
from paddock.hub.discussions.threads import people
from paddock.hub.lookup import to_repository
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.reports import rows as report_rows
from paddock.hub.reports.severity import Severity
from paddock.hub.reports.values import Report
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Repository

MAX_OF_A_REPOSITORY = 500
_NAME = re.compile(r"PADDOCK-[0-9]{4}-[0-9a-f]{8}")
_ORDER = Order((advisories.c.published_at, advisories.c.id), (datetime, int))


class AdvisoryNotFound(NotFound):
    """There is no such advisory, or this caller may not know that there is."""

    code = "advisory_not_found"


def find_advisory(conn: sa.Connection, repo: Repository, name: str) -> Advisory:
    """The repository's advisory of this name; raises AdvisoryNotFound."""
    row = None
    if _NAME.fullmatch(name):
        where = (advisories.c.repo_id == repo.id) & (advisories.c.name == name)
        row = conn.execute(sa.select(advisories).where(where)).mappings().one_or_none()
    if row is None:
        raise AdvisoryNotFound(f"{repo.full_name} has no such advisory")
    return to_advisory(row, people(conn, [row["author_id"]]))


def find_anywhere(conn: sa.Connection, caller: Caller, name: str) -> Placed:
    """The advisory of this name on a repository that the caller sees; raises AdvisoryNotFound."""
    found = None
    if _NAME.fullmatch(name):
        joined = sa.select(advisories, repositories).join_from(advisories, repositories)
        query = joined.where(advisories.c.name == name, access.visible_to(caller))
        found = conn.execute(query).mappings().one_or_none()
    if found is None:
        raise AdvisoryNotFound("there is no such advisory")
    return _placed(found)


def advisories_of(
    conn: sa.Connection, repo: Repository, *, with_withdrawn: bool = False
) -> list[Advisory]:
    """Those of a repository, the latest first, at most ``MAX_OF_A_REPOSITORY``."""
    c = advisories.c
    query = sa.select(advisories).where(c.repo_id == repo.id)
    if not with_withdrawn:
        query = query.where(c.withdrawn_at.is_(None))
    query = query.order_by(c.published_at.desc(), c.id.desc()).limit(MAX_OF_A_REPOSITORY)
    found = conn.execute(query).mappings().all()
    known = people(conn, [row["author_id"] for row in found])
    return [to_advisory(row, known) for row in found]


def list_visible(conn: sa.Connection, caller: Caller, part: Part) -> Page[Placed]:
    """All that the caller may see, the latest first; raises BadInput for a foreign cursor."""
    query = sa.select(advisories, repositories).join_from(advisories, repositories)
    return read_page(conn, query.where(access.visible_to(caller)), _ORDER, part, _placed)


def reports_of(conn: sa.Connection, advisory: Advisory) -> list[Report]:
    """The reports that it was made of."""
    c = advisory_reports.c
    query = sa.select(c.report_id).where(c.advisory_id == advisory.id).order_by(c.report_id)
    return report_rows.reports_by_id(conn, list(conn.execute(query).scalars()))


def advisories_from(conn: sa.Connection, report: Report) -> list[str]:
    """Names of the advisories that were made of a report."""
    query = sa.select(advisories.c.name).join_from(advisories, advisory_reports)
    query = query.where(advisory_reports.c.report_id == report.id).order_by(advisories.c.id)
    return list(conn.execute(query).scalars())


def to_advisory(row: Mapping[Any, Any], known: Mapping[int, Account]) -> Advisory:
    """An advisory from its row, which may be joined to others."""
    c = advisories.c
    affected = Affected(
        first=_bound(row[c.first_revision], row[c.first_oid]),
        last=_bound(row[c.last_revision], row[c.last_oid]),
        fixed=_bound(row[c.fixed_revision], row[c.fixed_oid]),
    )
    return Advisory(
        id=row[c.id],
        name=row[c.name],
        repo_id=row[c.repo_id],
        author=known.get(row[c.author_id]),
        title=row[c.title],
        severity=Severity(row[c.severity]),
        details=row[c.details],
        details_html=row[c.details_html],
        advice=row[c.advice],
        advice_html=row[c.advice_html],
        affected=affected,
        tags=tuple(row[c.tags]),
        published_at=row[c.published_at],
        updated_at=row[c.updated_at],
        withdrawn_at=row[c.withdrawn_at],
    )


def _placed(row: sa.RowMapping) -> Placed:
    return Placed(to_repository(row), to_advisory(row, {}))


def _bound(revision: str | None, commit_oid: str | None) -> Bound | None:
    return None if revision is None or commit_oid is None else Bound(revision, commit_oid)
