"""What a user was told of discussions, as far as they may still see the repository.

Knows the Hub's filters. Marking is by discussion; everything here is the caller's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.discussions.tables import discussion_events, discussions
from paddock.hub.notifications.tables import notifications
from paddock.hub.tables import accounts, repositories
from paddock.hub.types import Account, Caller, Kind

PAGE_NOTIFICATIONS = 50
MAX_REPOSITORIES_COUNTED = 50
MAX_PARTICIPANTS_SHOWN = 10


class Filter(NamedTuple):
    """Which notifications. ``is_elsewhere``: of papers, posts or articles, which do not exist."""

    read_status: str = "all"  # "all" | "unread"
    mention: str = "all"  # "all" | "mentions" | "participating"
    kind: Kind | None = None
    repo_name: str | None = None
    last_update: datetime | None = None  # nothing that is newer
    is_elsewhere: bool = False


class Notification(NamedTuple):
    """A discussion in which something happened."""

    discussion_id: str
    num: int
    title: str
    status: str
    is_pull_request: bool
    repo_kind: Kind
    repo_name: str
    event_id: str
    updated_at: datetime
    is_read: bool
    is_mentioned: bool
    participants: list[str]


class Inbox(NamedTuple):
    """Part of a list; how many it has, how many are unread at all, and how many there are."""

    items: list[Notification]
    view: int
    unread: int
    all: int


class UnreadIn(NamedTuple):
    """How many discussions of a repository are unread."""

    kind: Kind
    full_name: str
    unread: int

    @property
    def web_path(self) -> str:
        return f"/{self.kind.url_prefix}{self.full_name}"


def read_inbox(conn: sa.Connection, caller: Caller, wanted: Filter, start: int) -> Inbox:
    """The caller's notifications, newest first."""
    mine = _visible(caller)
    where = sa.and_(mine, *_filters(wanted))
    n, d, r = notifications.c, discussions.c, repositories.c
    columns = (
        d.id, d.public_id, d.num, d.title, d.status, d.is_pull_request, r.kind, r.full_name,
        n.event_public_id, n.updated_at, n.is_read, n.is_mentioned,
    )  # fmt: skip
    query: sa.Select[Any] = sa.select(*columns).select_from(_joined()).where(where)
    query = query.order_by(n.updated_at.desc(), n.discussion_id.desc())
    rows = conn.execute(query.offset(start).limit(PAGE_NOTIFICATIONS)).all()
    taking_part = _participants(conn, [row[0] for row in rows])
    items = [_to_notification(row, taking_part.get(row.id, [])) for row in rows]
    unread = sa.and_(mine, n.is_read.is_(False))
    return Inbox(items, _count(conn, where), _count(conn, unread), _count(conn, mine))


def unread_repositories(conn: sa.Connection, caller: Caller) -> list[UnreadIn]:
    """Where the caller has unread notifications, the most first."""
    r = repositories.c
    where = sa.and_(_visible(caller), notifications.c.is_read.is_(False))
    count = sa.func.count()
    query: sa.Select[Any] = sa.select(r.kind, r.full_name, count).select_from(_joined())
    query = query.where(where).group_by(r.kind, r.full_name)
    rows = conn.execute(query.order_by(count.desc(), r.full_name).limit(MAX_REPOSITORIES_COUNTED))
    return [UnreadIn(Kind(kind), full_name, unread) for kind, full_name, unread in rows]


def mark(
    conn: sa.Connection, caller: Caller, chosen: Filter | Sequence[str], *, is_read: bool
) -> None:
    """Mark the notifications of these discussions, or all that a filter finds."""
    change = notifications.update().where(_chosen(caller, chosen)).values(is_read=is_read)
    conn.execute(change)


def forget(conn: sa.Connection, caller: Caller, chosen: Filter | Sequence[str]) -> None:
    """Delete the notifications of these discussions, or all that a filter finds."""
    conn.execute(notifications.delete().where(_chosen(caller, chosen)))


def _to_notification(row: sa.Row[Any], participants: list[str]) -> Notification:
    return Notification(
        discussion_id=row.public_id,
        num=row.num,
        title=row.title,
        status=row.status,
        is_pull_request=row.is_pull_request,
        repo_kind=Kind(row.kind),
        repo_name=row.full_name,
        event_id=row.event_public_id,
        updated_at=row.updated_at,
        is_read=row.is_read,
        is_mentioned=row.is_mentioned,
        participants=participants,
    )


def _chosen(caller: Caller, chosen: Filter | Sequence[str]) -> sa.ColumnElement[bool]:
    account = _account(caller)
    if isinstance(chosen, Filter):
        matching = sa.and_(_visible(caller), *_filters(chosen))
        ids = sa.select(notifications.c.discussion_id).select_from(_joined()).where(matching)
    else:
        ids = sa.select(discussions.c.id).where(discussions.c.public_id.in_(chosen))
    return sa.and_(notifications.c.user_id == account.id, notifications.c.discussion_id.in_(ids))


def _visible(caller: Caller) -> sa.ColumnElement[bool]:
    account = _account(caller)
    return sa.and_(notifications.c.user_id == account.id, access.visible_to(caller))


def _account(caller: Caller) -> Account:
    return access.require_user(caller)


def _filters(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    n, r = notifications.c, repositories.c
    filters: list[sa.ColumnElement[bool]] = []
    if wanted.is_elsewhere:
        filters.append(sa.false())
    if wanted.read_status == "unread":
        filters.append(n.is_read.is_(False))
    if wanted.mention == "mentions":
        filters.append(n.is_mentioned)
    if wanted.mention == "participating":
        filters.append(sa.or_(n.is_participating, n.is_mentioned))
    if wanted.kind is not None:
        filters.append(r.kind == wanted.kind)
    if wanted.repo_name is not None:
        filters.append(r.key == wanted.repo_name.lower())
    if wanted.last_update is not None:
        filters.append(n.updated_at <= wanted.last_update)
    return filters


def _joined() -> sa.FromClause:
    return notifications.join(discussions, discussions.c.id == notifications.c.discussion_id).join(
        repositories, repositories.c.id == discussions.c.repo_id
    )


def _participants(conn: sa.Connection, discussion_ids: Sequence[int]) -> dict[int, list[str]]:
    """Names of a few who wrote in each of the discussions."""
    c = discussion_events.c
    query = (
        sa.select(c.discussion_id, accounts.c.name, sa.func.min(c.id).label("first"))
        .join(accounts, accounts.c.id == c.author_id)
        .where(c.discussion_id.in_(discussion_ids))
        .group_by(c.discussion_id, accounts.c.name)
        .order_by("first")
    )
    found: dict[int, list[str]] = {}
    for discussion_id, name, _ in conn.execute(query):
        names = found.setdefault(discussion_id, [])
        if len(names) < MAX_PARTICIPANTS_SHOWN:
            names.append(name)
    return found


def _count(conn: sa.Connection, where: sa.ColumnElement[bool]) -> int:
    query: sa.Select[Any] = sa.select(sa.func.count()).select_from(_joined()).where(where)
    return int(conn.execute(query).scalar_one())
