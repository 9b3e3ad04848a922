"""A user's own requests for access, wherever they may still see the repository."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.gates.standing import standing_of
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.tables import access_grants, repositories
from paddock.hub.types import Account, Caller, Kind, Repository

_c = access_grants.c


class OwnRequest(NamedTuple):
    """How a user stands with one repository."""

    kind: Kind
    full_name: str
    is_gated: bool  # still
    status: str
    asked_at: datetime
    expires_at: datetime | None
    reason: str | None

    @property
    def web_path(self) -> str:
        return f"/{self.kind.url_prefix}{self.full_name}"


def list_own(conn: sa.Connection, caller: Caller, part: Part) -> Page[OwnRequest]:
    """One page, the latest first; raises Unauthorized for a stranger, and BadInput."""
    user, r = access.require_user(caller), repositories.c
    columns = (r.kind, r.full_name, r.gated, _c.status, _c.expires_at, _c.reason)
    query = (
        sa.select(*columns, _c.created_at.label("asked_at"))
        .join(repositories, r.id == _c.repo_id)
        .where(_c.user_id == user.id, access.visible_to(caller))
    )
    return read_page(conn, query, Order((_c.created_at, _c.repo_id)), part, _own)


def _own(row: sa.RowMapping) -> OwnRequest:
    r = repositories.c
    return OwnRequest(
        Kind(row[r.kind]),
        row[r.full_name],
        row[r.gated] is not None,
        standing_of(row[_c.status], row[_c.expires_at]),
        row["asked_at"],
        row[_c.expires_at],
        row[_c.reason],
    )


def find_own(conn: sa.Connection, repo: Repository, user: Account) -> OwnRequest | None:
    """How a user stands with one repository that they were shown; None: they never asked."""
    query = sa.select(_c.status, _c.expires_at, _c.reason, _c.created_at.label("asked_at")).where(
        _c.repo_id == repo.id, _c.user_id == user.id
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    standing = standing_of(row.status, row.expires_at)
    told = (standing, row.asked_at, row.expires_at, row.reason)
    return OwnRequest(repo.kind, repo.full_name, repo.gated is not None, *told)
