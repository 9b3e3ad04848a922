"""The periodic job that forgets what people answered, when a card said for how long it is kept.

``extra_gated_retention_days`` of the card that a repository has now counts, from the day on which
somebody asked. Their answers go, what they wrote in an appeal too, and their address is shared no
longer; whether they were let in and which terms they accepted stays. A card that says nothing has
everything kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.tables import access_grants, repositories

FORGET_ANSWERS = "gates.forget"
MAX_RETENTION_DAYS = 36_500
_grants = access_grants.c
_KEPT = sa.or_(
    _grants.fields.is_not(sa.null()),
    _grants.is_email_shared.is_(True),
    _grants.appeal.is_not(None),
    _grants.rule.is_not(None),
)

every(3600)(FORGET_ANSWERS)


@handler(FORGET_ANSWERS)
def forget_answers(hub: Hub, _payload: dict[str, Any]) -> None:
    """Forget every answer that was kept for as long as its card said."""
    kept = sa.select(_grants.repo_id).where(_KEPT).distinct()
    query = sa.select(repositories.c.id, repositories.c.card).where(repositories.c.id.in_(kept))
    with hub.database.read() as conn:
        cards = list(conn.execute(query))
    for repo_id, card in cards:
        if (days := retention_days(card)) is not None:
            oldest = clock.now() - timedelta(days=days)
            is_over = (_grants.repo_id == repo_id) & (_grants.created_at < oldest) & _KEPT
            nothing = {"fields": sa.null(), "is_email_shared": False, "appeal": None, "rule": None}
            with hub.database.write() as conn:
                conn.execute(access_grants.update().where(is_over).values(nothing))


def retention_days(card: Mapping[str, Any] | None) -> int | None:
    """For how many days a card has answers kept; None where it says nothing that can be kept to."""
    days = card.get("extra_gated_retention_days") if isinstance(card, Mapping) else None
    return days if type(days) is int and 0 <= days <= MAX_RETENTION_DAYS else None
