"""Who follows whom: users follow users and organisations.

Knows the rows; who may see an account is nobody's secret here.
"""

from __future__ import annotations

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput
from paddock.hub.follows.tables import follows
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import accounts
from paddock.hub.types import Account
from paddock.storage.sql import insert_ignore


def follow(conn: sa.Connection, follower: Account, followed: Account) -> None:
    """Follow an account; nothing changes for one who does already."""
    if follower.id == followed.id:
        raise BadInput("nobody follows themselves", hint="follow another user or an organization")
    row = {"follower_id": follower.id, "followed_id": followed.id, "created_at": clock.now()}
    insert_ignore(conn, follows, [row])


def unfollow(conn: sa.Connection, follower: Account, followed: Account) -> None:
    """Follow no longer; nothing changes for one who did not."""
    conn.execute(follows.delete().where(*_of(follower, followed)))


def is_following(conn: sa.Connection, follower: Account, followed: Account) -> bool:
    """Whether the one follows the other."""
    query = sa.select(follows.c.follower_id).where(*_of(follower, followed))
    return conn.execute(query).first() is not None


def followers(conn: sa.Connection, followed: Account, part: Part) -> Page[Account]:
    """Who follows an account, the latest first; raises BadInput for a cursor that is none."""
    return _page(conn, follows.c.followed_id == followed.id, follows.c.follower_id, part)


def following(conn: sa.Connection, follower: Account, kind: str, part: Part) -> Page[Account]:
    """The users, or the organisations, whom a user follows, the latest first; raises BadInput."""
    mine = sa.and_(follows.c.follower_id == follower.id, accounts.c.kind == kind)
    return _page(conn, mine, follows.c.followed_id, part)


def count_followers(conn: sa.Connection, followed: Account) -> int:
    """How many follow an account."""
    query = sa.select(sa.func.count()).where(follows.c.followed_id == followed.id)
    return int(conn.execute(query).scalar_one())


def count_following(conn: sa.Connection, follower: Account) -> dict[str, int]:
    """How many users and how many organisations a user follows, by kind of account."""
    query = (
        sa.select(accounts.c.kind, sa.func.count())
        .join(follows, follows.c.followed_id == accounts.c.id)
        .where(follows.c.follower_id == follower.id)
        .group_by(accounts.c.kind)
    )
    return {"user": 0, "org": 0} | {kind: count for kind, count in conn.execute(query)}


def _of(follower: Account, followed: Account) -> tuple[sa.ColumnElement[bool], ...]:
    return follows.c.follower_id == follower.id, follows.c.followed_id == followed.id


def _page(
    conn: sa.Connection,
    condition: sa.ColumnElement[bool],
    listed: sa.Column[int],
    part: Part,
) -> Page[Account]:
    query = sa.select(accounts).join(follows, listed == accounts.c.id).where(condition)
    return read_page(conn, query, Order((follows.c.created_at, listed)), part, to_account)
