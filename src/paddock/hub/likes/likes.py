"""Liking a repository, and who likes what.

A like and the repository's count of likes move in one transaction, so the count is true however
many like it at once. A list tells only of repositories that whoever asks may see.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import access
from paddock.hub.likes.tables import likes
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import accounts, repositories
from paddock.hub.types import Account, Caller, Kind, Repository


class Like(NamedTuple):
    """A repository that somebody likes, since when."""

    kind: Kind
    full_name: str
    created_at: datetime


def like(conn: sa.Connection, repo: Repository, user: Account) -> int:
    """Note that a user likes it and give the count; whoever calls has locked the repository."""
    if not is_liked(conn, repo, user):
        conn.execute(
            likes.insert().values(user_id=user.id, repo_id=repo.id, created_at=clock.now())
        )
        return _count(conn, repo, 1)
    return repo.likes


def unlike(conn: sa.Connection, repo: Repository, user: Account) -> int:
    """Forget that a user likes it and give the count; whoever calls has locked the repository."""
    gone = conn.execute(likes.delete().where(*_of(repo, user)))
    return _count(conn, repo, -1) if gone.rowcount else repo.likes


def forget_likes_of(conn: sa.Connection, user: Account) -> None:
    """Take back everything a user likes, before they go: the counts stay true."""
    mine = sa.select(likes.c.repo_id).where(likes.c.user_id == user.id)
    held = sa.select(repositories.c.id).where(repositories.c.id.in_(mine))
    conn.execute(held.order_by(repositories.c.id).with_for_update())
    row = repositories.update().where(repositories.c.id.in_(mine))
    conn.execute(row.values(likes=repositories.c.likes - 1))
    conn.execute(likes.delete().where(likes.c.user_id == user.id))


def is_liked(conn: sa.Connection, repo: Repository, user: Account) -> bool:
    """Whether the user likes the repository."""
    return conn.execute(sa.select(likes.c.user_id).where(*_of(repo, user))).first() is not None


def likers(conn: sa.Connection, repo: Repository, part: Part) -> Page[Account]:
    """Who likes a repository, the latest first; raises BadInput for a cursor that is none."""
    query = (
        sa.select(accounts)
        .join(likes, likes.c.user_id == accounts.c.id)
        .where(likes.c.repo_id == repo.id)
    )
    order = Order((likes.c.created_at, likes.c.user_id))
    return read_page(conn, query, order, part, to_account)


def likes_of(conn: sa.Connection, caller: Caller, user: Account, part: Part) -> Page[Like]:
    """What a user likes and the caller may see, the latest first; raises BadInput."""
    c = repositories.c
    query = (
        sa.select(c.kind, c.full_name, likes.c.created_at)
        .join(likes, likes.c.repo_id == c.id)
        .where(likes.c.user_id == user.id, access.visible_to(caller))
    )
    order = Order((likes.c.created_at, likes.c.repo_id))
    return read_page(conn, query, order, part, _to_like)


def count_likes_of(conn: sa.Connection, caller: Caller, user: Account) -> int:
    """How many repositories that the caller may see the user likes."""
    query = (
        sa.select(sa.func.count())
        .select_from(likes.join(repositories, repositories.c.id == likes.c.repo_id))
        .where(likes.c.user_id == user.id, access.visible_to(caller))
    )
    return int(conn.execute(query).scalar_one())


def _of(repo: Repository, user: Account) -> tuple[sa.ColumnElement[bool], ...]:
    return likes.c.user_id == user.id, likes.c.repo_id == repo.id


def _count(conn: sa.Connection, repo: Repository, change: int) -> int:
    row = repositories.update().where(repositories.c.id == repo.id)
    counted = row.values(likes=repositories.c.likes + change).returning(repositories.c.likes)
    return int(conn.execute(counted).scalar_one())


def _to_like(row: sa.RowMapping) -> Like:
    c = repositories.c
    return Like(Kind(row[c.kind]), row[c.full_name], row[likes.c.created_at])
