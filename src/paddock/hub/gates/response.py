"""The response clock: how soon those who ask are promised an answer, and how soon they get one.

``extra_gated_response_days`` of the card that a repository has now is the promise; who appeals has
it again. Once a day those who keep a repository are reminded of who waits for longer. How long
answers took is told only once there are enough of them to say anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub import lookup
from paddock.hub.context import Hub
from paddock.hub.gates import news
from paddock.hub.gates.appeals import is_appealed
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.tables import access_grants, repositories
from paddock.hub.types import Repository

REMIND = "gates.remind"
MAX_RESPONSE_DAYS = 365
MIN_ANSWERS = 5  # fewer say nothing
_MAX_ANSWERS = 100  # the latest
_c = access_grants.c

every(24 * 3600)(REMIND)


def response_days(card: Mapping[str, Any] | None) -> int | None:
    """Within how many days a card promises an answer; None where it says nothing to keep to."""
    days = card.get("extra_gated_response_days") if isinstance(card, Mapping) else None
    return days if type(days) is int and 0 < days <= MAX_RESPONSE_DAYS else None


def answer_by(repo: Repository, waits_since: datetime) -> datetime | None:
    """When who has waited since then shall have an answer."""
    days = response_days(repo.card)
    return None if days is None else waits_since + timedelta(days=days)


def count_overdue(conn: sa.Connection, repo: Repository) -> int:
    """How many wait for longer than was promised."""
    days = response_days(repo.card)
    if days is None:
        return 0
    latest = clock.now() - timedelta(days=days)
    asked = sa.and_(_c.status == "pending", _c.created_at < latest)
    appealed = sa.and_(is_appealed(), _c.appealed_at < latest)
    query = sa.select(sa.func.count()).where(_c.repo_id == repo.id, sa.or_(asked, appealed))
    return int(conn.execute(query).scalar_one())


def median_response(conn: sa.Connection, repo: Repository) -> timedelta | None:
    """How long the latest answers took in the middle; None of too few."""
    query = sa.select(_c.created_at, _c.answered_at).where(
        _c.repo_id == repo.id, _c.answered_at.is_not(None)
    )
    rows = conn.execute(query.order_by(_c.answered_at.desc()).limit(_MAX_ANSWERS)).all()
    if len(rows) < MIN_ANSWERS:
        return None
    seconds = median((row.answered_at - row.created_at).total_seconds() for row in rows)
    return timedelta(seconds=seconds)


@handler(REMIND)
def remind(hub: Hub, _payload: dict[str, Any]) -> None:
    """Remind those who keep repositories in which somebody waits for too long."""
    waiting = sa.select(_c.repo_id).where(sa.or_(_c.status == "pending", is_appealed()))
    r = repositories.c
    query = sa.select(r.id).where(r.gated.is_not(None), r.id.in_(waiting)).order_by(r.id)
    with hub.database.read() as conn:
        repo_ids = list(conn.execute(query).scalars())
    for repo_id in repo_ids:
        stop_here_if_asked()
        with hub.database.write() as conn:
            row = conn.execute(sa.select(r.id).where(r.id == repo_id)).first()
            if row is None:  # deleted meanwhile
                continue
            repo = lookup.repository_by_id(conn, repo_id)
            days = response_days(repo.card)
            many = count_overdue(conn, repo)
            if days is not None and many:
                news.tell_overdue(conn, repo, many, days)
