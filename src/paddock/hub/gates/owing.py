"""Who was let in and has not accepted the terms that bind now: asked at every download.

Compares rows alone, so that ``access`` can ask. Somebody who accepted these very terms once, before
others came and went, owes nothing.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from paddock.hub.gates.tables import gate_acceptances, gate_terms
from paddock.hub.tables import access_grants

_terms, _accepted = gate_terms.c, gate_acceptances.c


def _not_accepted(user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    accepted = sa.exists().where(
        _accepted.repo_id == _terms.repo_id,
        _accepted.user_id == user_id,
        _accepted.digest == _terms.digest,
    )
    return sa.not_(accepted)


_OWED = sa.select(_terms.changed_at).where(
    _terms.repo_id == sa.bindparam("repo_id"),
    _not_accepted(sa.bindparam("user_id", type_=sa.BigInteger)),
)


def owed_since(conn: sa.Connection, repo_id: int, user_id: int) -> datetime | None:
    """When the terms became those that the user has not accepted; None: nothing is owed."""
    found = conn.execute(_OWED, {"repo_id": repo_id, "user_id": user_id}).scalar_one_or_none()
    return found


def owes() -> sa.ColumnElement[bool]:
    """The same as a condition on rows of ``access_grants``."""
    mine = access_grants.c
    owed = sa.select(_terms.repo_id).where(
        _terms.repo_id == mine.repo_id, _not_accepted(mine.user_id)
    )
    return owed.correlate(access_grants).exists()
