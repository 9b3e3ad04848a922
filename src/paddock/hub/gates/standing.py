"""How somebody stands with a gated repository at a moment: an access that has ended is none.

Conditions and columns over ``access_grants``; whoever lists, decides or asks uses these, so that
"accepted" means the same everywhere.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from paddock import clock
from paddock.hub.tables import access_grants

STANDINGS = ("pending", "accepted", "rejected", "reset", "expired")
_c = access_grants.c


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
