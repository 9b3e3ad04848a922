"""Many requests decided at once, in one transaction: each counts for itself.

Who was decided about meanwhile, or is gone, is passed over and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import BadInput
from paddock.hub.gates import requests
from paddock.hub.gates.requests import Decision, RequestNotFound
from paddock.hub.people import accounts
from paddock.hub.tables import access_grants
from paddock.hub.types import Account, Repository

MAX_AT_ONCE = 100


class Decided(NamedTuple):
    """How many changed, and for how many there was nothing to change."""

    changed: int
    passed_over: int


def decide_all(
    conn: sa.Connection,
    repo: Repository,
    request_ids: Sequence[str],
    reviewer: Account,
    decision: Decision,
) -> Decided:
    """Decide requests by the ids that are told of them; raises NotGated or BadInput.

    Whoever calls has locked the repository, so each request is decided once.
    """

    def decide(user_id: int) -> None:
        requests.decide(conn, repo, user_id, reviewer, decision)

    return _each(conn, repo, request_ids, decide)


def renew_all(
    conn: sa.Connection,
    repo: Repository,
    request_ids: Sequence[str],
    reviewer: Account,
    expires_at: datetime | None,
) -> Decided:
    """Let the access of many end at another moment; raises NotGated or BadInput."""

    def renew(user_id: int) -> None:
        requests.renew(conn, repo, user_id, reviewer, expires_at)

    return _each(conn, repo, request_ids, renew)


def requests_of(conn: sa.Connection, repo: Repository, names: Sequence[str]) -> list[str]:
    """The ids of these users' requests; who has none stands for a request that is gone."""
    ids = []
    for name in names:
        user = accounts.find_account(conn, name)
        query = sa.select(access_grants.c.public_id).where(
            access_grants.c.repo_id == repo.id,
            access_grants.c.user_id == (user.id if user is not None else None),
        )
        ids.append(conn.execute(query).scalar_one_or_none() or f"none of {name}")
    return ids


def _each(
    conn: sa.Connection, repo: Repository, request_ids: Sequence[str], change: Callable[[int], None]
) -> Decided:
    wanted = list(dict.fromkeys(request_ids))
    if not wanted:
        raise BadInput("nobody was chosen", hint="check the boxes of those whom you decide about")
    if len(wanted) > MAX_AT_ONCE:
        raise BadInput(f"{len(wanted)} requests at once", hint=f"{MAX_AT_ONCE} at most")
    changed = 0
    for request_id in wanted:
        try:
            change(requests.asked_by(conn, repo, request_id))
        except RequestNotFound:
            continue
        changed += 1
    return Decided(changed, len(wanted) - changed)
