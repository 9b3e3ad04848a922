"""A user's own requests for access, wherever they may still see the repository."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.gates.appeals import is_appealed
from paddock.hub.gates.owing import owes
from paddock.hub.gates.response import answer_by
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
    owes_terms: bool  # was let in, and has to accept the terms before it counts
    appeal: str | None
    appealed_at: datetime | None
    is_appeal_open: bool
    answer_by: datetime | None = None  # as the card promises who waits

    @property
    def web_path(self) -> str:
        return f"/{self.kind.url_prefix}{self.full_name}"


def list_own(conn: sa.Connection, caller: Caller, part: Part) -> Page[OwnRequest]:
    """One page, the latest first; raises Unauthorized for a stranger, and BadInput."""
    user, r = access.require_user(caller), repositories.c
    query = (
        sa.select(r.kind, r.full_name, r.gated, *_COLUMNS)
        .join(repositories, r.id == _c.repo_id)
        .where(_c.user_id == user.id, access.visible_to(caller))
    )
    return read_page(conn, query, Order((_c.created_at, _c.repo_id)), part, _listed)


def find_own(conn: sa.Connection, repo: Repository, user: Account) -> OwnRequest | None:
    """How a user stands with one repository that they were shown; None: they never asked."""
    query = sa.select(*_COLUMNS).where(_c.repo_id == repo.id, _c.user_id == user.id)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        return None
    own = _own(row, repo.kind, repo.full_name, repo.gated)
    since = own.appealed_at if own.is_appeal_open else own.asked_at
    waits = own.is_appeal_open or own.status == "pending"
    return own._replace(answer_by=answer_by(repo, since)) if waits and since else own


_COLUMNS = (
    _c.status,
    _c.expires_at,
    _c.reason,
    _c.appeal,
    _c.appealed_at,
    _c.created_at.label("asked_at"),
    owes().label("owes"),
    is_appealed().label("is_appealed"),
)


def _listed(row: sa.RowMapping) -> OwnRequest:
    r = repositories.c
    return _own(row, Kind(row[r.kind]), row[r.full_name], row[r.gated])


def _own(row: sa.RowMapping, kind: Kind, full_name: str, gated: str | None) -> OwnRequest:
    return OwnRequest(
        kind,
        full_name,
        is_gated=gated is not None,
        status=standing_of(row[_c.status], row[_c.expires_at]),
        asked_at=row["asked_at"],
        expires_at=row[_c.expires_at],
        reason=row[_c.reason],
        owes_terms=bool(row["owes"]),
        appeal=row[_c.appeal],
        appealed_at=row[_c.appealed_at],
        is_appeal_open=bool(row["is_appealed"]),
    )
