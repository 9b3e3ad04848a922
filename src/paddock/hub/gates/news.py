"""Who is told of requests for access: those who keep the repository, and who asked.

A sentence names accounts and the repository and nothing that people wrote, so it is one line
wherever it is sent on. One notice for each side and repository tells what happened last.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock.hub.notifications.maintainers import maintainers
from paddock.hub.notifications.notices import NewNotice, notify
from paddock.hub.tables import memberships
from paddock.hub.types import Account, Repository

_DECIDED = {
    "accepted": "you have access to {repo}",
    "rejected": "your request for access to {repo} was rejected: see why, and what you can do",
    "reset": "your access to {repo} was taken back: you may ask again",
    "pending": "your request for access to {repo} waits for a decision again",
}


def tell_asked(conn: sa.Connection, repo: Repository, user: Account) -> None:
    """Somebody waits for an answer."""
    _tell_maintainers(conn, repo, f"{user.name} asks for access to {repo.full_name}", "pending")


def tell_appealed(conn: sa.Connection, repo: Repository, user: Account) -> None:
    """Somebody wants a rejection looked at again."""
    sentence = f"{user.name} appeals against the rejection of their access to {repo.full_name}"
    _tell_maintainers(conn, repo, sentence, "appealed")


def tell_overdue(conn: sa.Connection, repo: Repository, many: int, days: int) -> None:
    """So many wait for longer than was promised."""
    who = "1 request waits" if many == 1 else f"{many} requests wait"
    sentence = f"{who} for access to {repo.full_name}, longer than the {days} days you promised"
    _tell_maintainers(conn, repo, sentence, "pending")


def tell_decided(conn: sa.Connection, repo: Repository, user_id: int, status: str) -> None:
    """Who asked learns how they stand; of an organisation, those who answer for it."""
    sentence = _DECIDED[status].format(repo=repo.full_name)
    new = NewNotice(f"own-access:{repo.public_id}", sentence, "/ask-access")
    admins = sa.select(memberships.c.user_id).where(
        memberships.c.org_id == user_id, memberships.c.role == "admin"
    )
    notify(conn, repo, set(conn.execute(admins).scalars()) or {user_id}, new)


def _tell_maintainers(conn: sa.Connection, repo: Repository, sentence: str, show: str) -> None:
    new = NewNotice(f"access:{repo.public_id}", sentence, f"/access?show={show}")
    notify(conn, repo, maintainers(conn, repo), new)
