"""Discussions of which a user wants to hear no more, whatever happens in them.

A user's word on one discussion goes before all else: whether they watch its repository, take part
in it, or are called by name. Taken back, they are told of what happens from then on.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import access
from paddock.hub.discussions.tables import discussions
from paddock.hub.discussions.values import Discussion
from paddock.hub.notifications.tables import muted_discussions
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Kind
from paddock.storage.sql import insert_ignore

MAX_LISTED = 500
_c = muted_discussions.c


class Muted(NamedTuple):
    """A discussion that somebody muted."""

    web_path: str
    num: int
    title: str


def set_muted(
    conn: sa.Connection, user: Account, discussion: Discussion, *, is_muted: bool
) -> None:
    """The user's word on it; saying it twice is saying it once."""
    if is_muted:
        row = {"user_id": user.id, "discussion_id": discussion.id, "muted_at": clock.now()}
        insert_ignore(conn, muted_discussions, [row])
    else:
        same = (_c.user_id == user.id) & (_c.discussion_id == discussion.id)
        conn.execute(muted_discussions.delete().where(same))


def is_muted(conn: sa.Connection, user: Account, discussion_id: int) -> bool:
    """Whether the user hears no more of it."""
    same = (_c.user_id == user.id) & (_c.discussion_id == discussion_id)
    return conn.execute(sa.select(_c.user_id).where(same)).first() is not None


def who_muted(conn: sa.Connection, discussion_id: int) -> set[int]:
    """Ids of the users who hear no more of it."""
    query = sa.select(_c.user_id).where(_c.discussion_id == discussion_id)
    return set(conn.execute(query).scalars())


def muted_by(conn: sa.Connection, caller: Caller) -> list[Muted]:
    """What the caller muted and may still see, the last first."""
    user = access.require_user(caller)
    r, d = repositories.c, discussions.c
    query = (
        sa.select(r.kind, r.full_name, d.num, d.title)
        .join_from(muted_discussions, discussions, d.id == _c.discussion_id)
        .join(repositories, r.id == d.repo_id)
        .where(_c.user_id == user.id, access.visible_to(caller))
        .order_by(_c.muted_at.desc(), d.id.desc())
        .limit(MAX_LISTED)
    )
    return [
        Muted(f"/{Kind(row.kind).url_prefix}{row.full_name}/discussions/{row.num}", *row[2:])
        for row in conn.execute(query)
    ]
