"""An appeal: who was rejected asks those who keep the repository to look again, once a rejection.

They see it in their list, and let the person in or reject for good (``requests.decide``).
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Conflict
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.gates import news
from paddock.hub.gates.requests import RequestNotFound, require_gate
from paddock.hub.tables import access_grants
from paddock.hub.texts import check_lines
from paddock.hub.types import Account, Repository

MAX_APPEAL_CHARS = 2000


class AlreadyAppealed(Conflict):
    """There is one appeal against a rejection."""

    code = "already_appealed"


def is_appealed() -> sa.ColumnElement[bool]:
    """Rows of who was rejected and waits for an answer to an appeal."""
    c = access_grants.c
    waits = sa.and_(c.appealed_at.is_not(None), c.appeal_closed_at.is_(None))
    return sa.and_(c.status == "rejected", waits)


def appeal(conn: sa.Connection, repo: Repository, user: Account, text: str) -> None:
    """Appeal against one's rejection; whoever calls has locked the repository.

    Raises NotGated, BadInput, RequestNotFound for who was not rejected, or AlreadyAppealed.
    """
    require_gate(repo)
    c = access_grants.c
    mine = sa.and_(c.repo_id == repo.id, c.user_id == user.id, c.status == "rejected")
    row = conn.execute(sa.select(c.appealed_at).where(mine)).one_or_none()
    if row is None:
        raise RequestNotFound
    if row.appealed_at is not None:
        raise AlreadyAppealed(
            "you appealed against this rejection before",
            hint="its authors answer once; you find their answer where you asked",
        )
    words = check_lines("the appeal", text, MAX_APPEAL_CHARS, least=1)
    conn.execute(access_grants.update().where(mine).values(appeal=words, appealed_at=clock.now()))
    news.tell_appealed(conn, repo, user)
    note(conn, Act.ACCESS_ASK, repo=repo, account=user, what="appeal")
