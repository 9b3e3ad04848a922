"""Who stands how with a gated repository, in pages: for those who may write to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.gates.standing import STANDINGS, has_ended, standing_of, stands_as
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import access_grants, accounts
from paddock.hub.types import Account, Repository

MAX_SEARCH_CHARS = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A request for access, or an access that was granted unasked."""

    public_id: str
    user: Account
    status: str
    email: str | None  # only of those who asked
    asked_at: datetime
    fields: dict[str, Any] | None
    reviewed_at: datetime | None
    reviewer: str | None
    reason: str | None
    expires_at: datetime | None = None  # of who was accepted; None: for good


def list_requests(
    conn: sa.Connection,
    repo: Repository,
    standing: str | None,
    part: Part,
    search: str | None = None,
) -> Page[Request]:
    """One page, the latest first; None lists those of every standing. Raises BadInput."""
    c = access_grants.c
    reviewer = accounts.alias("reviewer")
    source = access_grants.join(accounts, accounts.c.id == c.user_id).outerjoin(
        reviewer, reviewer.c.id == c.reviewer_id
    )
    columns = [column for column in c if column is not c.created_at]
    query = (
        sa.select(accounts, *columns, c.created_at.label("asked_at"), reviewer.c.name.label("by"))
        .select_from(source)
        .where(c.repo_id == repo.id)
    )
    if standing is not None:
        query = query.where(stands_as(standing, clock.now()))
    if search:
        query = query.where(_found_by(search))
    return read_page(conn, query, Order((c.created_at, c.user_id)), part, _request)


def count_requests(conn: sa.Connection, repo: Repository) -> dict[str, int]:
    """How many stand how; every one of ``STANDINGS`` has a number."""
    c, moment = access_grants.c, clock.now()
    is_over = has_ended(moment).label("is_over")
    query = sa.select(c.status, is_over, sa.func.count().label("many")).where(c.repo_id == repo.id)
    counts = dict.fromkeys(STANDINGS, 0)
    for row in conn.execute(query.group_by(c.status, is_over)):
        counts["expired" if row.is_over else row.status] += row.many
    return counts


def _found_by(search: str) -> sa.ColumnElement[bool]:
    text = search.strip().lower()
    if "\0" in text or len(text) > MAX_SEARCH_CHARS:
        return sa.false()
    return sa.or_(
        accounts.c.key.contains(text, autoescape=True),
        sa.func.lower(accounts.c.full_name).contains(text, autoescape=True),
    )


def _request(row: sa.RowMapping) -> Request:
    c = access_grants.c
    user = to_account(row)
    return Request(
        public_id=row[c.public_id],
        user=user,
        status=standing_of(row[c.status], row[c.expires_at]),
        email=user.email if row[c.is_email_shared] else None,
        asked_at=row["asked_at"],
        fields=row[c.fields],
        reviewed_at=row[c.reviewed_at],
        reviewer=row["by"],
        reason=row[c.reason],
        expires_at=row[c.expires_at],
    )
