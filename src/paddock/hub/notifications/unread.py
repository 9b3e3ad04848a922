"""How much somebody has not read yet, for the head of every page: counted quickly, and bounded.

Of the newest alone, and only of what they may still see.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.discussions.tables import discussions
from paddock.hub.notifications.tables import notices, notifications
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller

MAX_UNREAD_COUNTED = 100  # a head says "99+" before
_MAX_LOOKED_AT = 300  # of either kind


def unread_count(conn: sa.Connection, account: Account) -> int:
    """How many notifications and notices are unread, at most ``MAX_UNREAD_COUNTED``.

    For the head of every page: of the newest alone, so however many there are, it costs the same.
    """
    if conn.execute(_ANY_UNREAD, {"user_id": account.id}).first() is None:
        return 0  # mostly; whether somebody may still see what they were told of costs more
    of_discussions = _newest(notifications, notifications.c.discussion_id, account.id)
    in_discussions = of_discussions.join(
        discussions, discussions.c.id == of_discussions.c.subject_id
    ).join(repositories, repositories.c.id == discussions.c.repo_id)
    of_repositories = _newest(notices, notices.c.repo_id, account.id)
    in_repositories = of_repositories.join(
        repositories, repositories.c.id == of_repositories.c.subject_id
    )
    found = 0
    for newest, joined in ((of_discussions, in_discussions), (of_repositories, in_repositories)):
        unread = sa.and_(newest.c.is_read.is_(False), access.visible_to(Caller(account, None)))
        some = sa.select(newest.c.subject_id).select_from(joined).where(unread)
        counted = sa.select(sa.func.count()).select_from(some.limit(MAX_UNREAD_COUNTED).subquery())
        found += int(conn.execute(counted).scalar_one())
    return min(found, MAX_UNREAD_COUNTED)


def is_unread(conn: sa.Connection, account: Account, discussion_id: int) -> bool:
    """Whether the account was told of the discussion and has not looked since."""
    n = notifications.c
    query = sa.select(n.is_read).where(
        n.user_id == account.id, n.discussion_id == discussion_id, n.is_read.is_(False)
    )
    return conn.execute(query).first() is not None


def _newest(
    table: sa.Table, subject: sa.Column[int], user_id: int | sa.BindParameter[int]
) -> sa.Subquery:
    c = table.c
    query = sa.select(subject.label("subject_id"), c.is_read).where(c.user_id == user_id)
    return query.order_by(c.updated_at.desc()).limit(_MAX_LOOKED_AT).subquery()


def _any_unread() -> sa.CompoundSelect[Any]:
    """Whether the user ``:user_id`` has read all of the newest, be they to be seen or not."""
    user_id = sa.bindparam("user_id", type_=sa.BigInteger)
    newest = (
        _newest(notifications, notifications.c.discussion_id, user_id),
        _newest(notices, notices.c.repo_id, user_id),
    )
    return sa.union_all(*(sa.select(one.c.subject_id).where(~one.c.is_read) for one in newest))


_ANY_UNREAD = _any_unread()
