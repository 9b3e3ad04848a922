"""How somebody stands with a repository by what was granted: an access that has ended is none.

A grant names a user, or an organisation: then it is every member's, for as long as they are one and
may do more there than be in groups. A rejection of the user themself stands above what their
organisation was granted. Conditions and columns over ``access_grants``; whoever lists, decides or
asks uses these, so that "accepted" means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.groups.roles import NO_ACCESS
from paddock.hub.tables import access_grants, memberships

STANDINGS = ("pending", "accepted", "rejected", "reset", "expired")
_c = access_grants.c


class Grant(NamedTuple):
    """How somebody stands, and whom the row names: themself, or an organisation of theirs."""

    status: str  # one of STANDINGS
    holder_id: int
    expires_at: datetime | None


def has_ended(moment: datetime) -> sa.ColumnElement[bool]:
    """Rows of those who were let in until a moment that has passed."""
    return sa.and_(_c.status == "accepted", _c.expires_at.is_not(None), _c.expires_at <= moment)


def stands_as(standing: str, moment: datetime) -> sa.ColumnElement[bool]:
    """Rows of those who stand so, by one of ``STANDINGS``."""
    if standing == "expired":
        return has_ended(moment)
    if standing == "accepted":
        still = sa.or_(_c.expires_at.is_(None), _c.expires_at > moment)
        return sa.and_(_c.status == standing, still)
    return _c.status == standing


def standing_of(status: str, expires_at: datetime | None) -> str:
    """The same of one row."""
    is_over = status == "accepted" and expires_at is not None and expires_at <= clock.now()
    return "expired" if is_over else status


def grant_of(conn: sa.Connection, repo_id: int, user_id: int) -> Grant | None:
    """How a user stands with a repository now, in one statement; None: nothing was ever said."""
    return _best(conn.execute(_GRANTS, {"repo_id": repo_id, "user_id": user_id}), user_id)


def let_in(user_id: int, moment: datetime) -> sa.Select[tuple[int]]:
    """Ids of the repositories to which a user was let in at this moment: ``grant_of`` for lists."""
    rejected = sa.select(_c.repo_id).where(_c.user_id == user_id, _c.status == "rejected")
    return sa.select(_c.repo_id).where(
        sa.or_(_c.user_id == user_id, _c.user_id.in_(_orgs(user_id))),
        stands_as("accepted", moment),
        _c.repo_id.not_in(rejected),
    )


def _orgs(user_id: int | sa.BindParameter[int]) -> sa.Select[tuple[int]]:
    """The organisations whose grants are a user's."""
    m = memberships.c
    return sa.select(m.org_id).where(m.user_id == user_id, m.role != NO_ACCESS)


def _best(rows: Iterable[sa.Row[Any]], user_id: int) -> Grant | None:
    """What counts of a user's own row and their organisations'."""
    own, latest = None, None
    for row in rows:
        grant = Grant(standing_of(row.status, row.expires_at), row.user_id, row.expires_at)
        if grant.holder_id == user_id:
            own = grant
        elif grant.status in {"accepted", "expired"} and _ends_after(grant, latest):
            latest = grant
    if own is not None and own.status in {"accepted", "rejected"}:
        return own
    return latest if latest is not None and latest.status == "accepted" else own or latest


def _ends_after(one: Grant, other: Grant | None) -> bool:
    if other is None or one.expires_at is None:
        return True
    return other.expires_at is not None and one.expires_at > other.expires_at


_USER: sa.BindParameter[int] = sa.bindparam("user_id", type_=sa.Integer())
_GRANTS = sa.select(_c.user_id, _c.status, _c.expires_at).where(
    _c.repo_id == sa.bindparam("repo_id"),
    sa.or_(_c.user_id == _USER, _c.user_id.in_(_orgs(_USER))),
)
