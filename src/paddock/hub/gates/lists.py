"""Who stands how with a gated repository, in pages: for those who may write to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.gates.appeals import is_appealed
from paddock.hub.gates.owing import owes
from paddock.hub.gates.standing import STANDINGS, has_ended, standing_of, stands_as
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import access_grants, accounts
from paddock.hub.types import Account, Repository

MAX_SEARCH_CHARS = 200
# Some of those who were rejected, and some of those who were let in.
APPEALED, TERMS_CHANGED = "appealed", "terms_changed"
FILTERS = (*STANDINGS, APPEALED, TERMS_CHANGED)
_OF_USER = accounts.c.id == access_grants.c.user_id


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
    owes_terms: bool = False  # was let in, and has to accept the terms before they count
    rule: str | None = None  # why the gate's rules decided as they did
    appeal: str | None = None
    appealed_at: datetime | None = None
    is_appeal_open: bool = False

    @property
    def waits_since(self) -> datetime | None:
        """From when on the response clock runs; None of who waits for nothing."""
        if self.is_appeal_open:
            return self.appealed_at
        return self.asked_at if self.status == "pending" else None


def list_requests(
    conn: sa.Connection,
    repo: Repository,
    standing: str | None,
    part: Part,
    search: str | None = None,
    *,
    oldest_first: bool = False,
) -> Page[Request]:
    """One page, the latest first, or who has waited longest; raises BadInput.

    ``standing`` is one of ``FILTERS``; None lists everybody.
    """
    c = access_grants.c
    reviewer = accounts.alias("reviewer")
    source = access_grants.join(accounts, accounts.c.id == c.user_id).outerjoin(
        reviewer, reviewer.c.id == c.reviewer_id
    )
    columns = [column for column in c if column is not c.created_at]
    query = (
        sa.select(
            accounts,
            *columns,
            c.created_at.label("asked_at"),
            reviewer.c.name.label("by"),
            owes().label("owes"),
            is_appealed().label("is_appealed"),
        )
        .select_from(source)
        .where(c.repo_id == repo.id)
    )
    if standing is not None:
        query = query.where(_shown_as(standing))
    if search:
        query = query.where(_found_by(search))
    since = c.appealed_at if standing == APPEALED else c.created_at
    order = Order((since, c.user_id), descending=not oldest_first)
    return read_page(conn, query, order, part, _request)


def count_requests(conn: sa.Connection, repo: Repository) -> dict[str, int]:
    """How many stand how; every one of ``FILTERS`` has a number."""
    c, moment = access_grants.c, clock.now()
    is_over = has_ended(moment).label("is_over")
    query = sa.select(c.status, is_over, sa.func.count().label("many")).where(c.repo_id == repo.id)
    counts = dict.fromkeys(STANDINGS, 0)
    for row in conn.execute(query.group_by(c.status, is_over)):
        counts["expired" if row.is_over else row.status] += row.many
    for also in (APPEALED, TERMS_CHANGED):
        some = sa.select(sa.func.count()).select_from(access_grants.join(accounts, _OF_USER))
        counts[also] = conn.execute(some.where(c.repo_id == repo.id, _shown_as(also))).scalar_one()
    return counts


def _shown_as(standing: str) -> sa.ColumnElement[bool]:
    if standing == APPEALED:
        return is_appealed()
    if standing == TERMS_CHANGED:
        return sa.and_(stands_as("accepted", clock.now()), accounts.c.kind == "user", owes())
    return stands_as(standing, clock.now())


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
        owes_terms=bool(row["owes"]) and user.kind == "user",
        rule=row[c.rule],
        appeal=row[c.appeal],
        appealed_at=row[c.appealed_at],
        is_appeal_open=bool(row["is_appealed"]),
    )
