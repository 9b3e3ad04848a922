"""An event of a discussion reaches everyone it concerns: who takes part, is called, or watches.

One row for each user and discussion, which tells of the last event. A user who is called by name,
or by a team's that somebody of the same organisation calls, is told only if they may see the
repository; whether the others still may is looked at when they read
(``inbox``). Whoever does something is not told of it, nor is who muted the discussion.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock import clock
from paddock.hub import access
from paddock.hub.discussions.tables import discussion_events, discussions
from paddock.hub.notifications.muting import who_muted
from paddock.hub.notifications.tables import notifications, watches
from paddock.hub.people.accounts import find_account, role_in
from paddock.hub.tables import memberships
from paddock.hub.teams import members
from paddock.hub.types import Account, Caller, Repository

MAX_TOLD = 10_000  # watchers of one repository who are told of one event


class News(NamedTuple):
    """An event: in which discussion, by whom, and which names it calls."""

    discussion_id: int
    event_public_id: str
    actor: Account | None
    mentions: tuple[str, ...]


def tell(conn: sa.Connection, repo: Repository, news: News) -> None:
    """Let everyone know whom it concerns, in the transaction that makes the event."""
    taking_part = _participants(conn, news.discussion_id)
    called = _called(conn, repo, news)
    told = taking_part | called | _watchers(conn, repo)
    told -= who_muted(conn, news.discussion_id)
    if news.actor is not None:
        told.discard(news.actor.id)
    moment = clock.now()
    rows = [
        {
            "user_id": user_id,
            "discussion_id": news.discussion_id,
            "event_public_id": news.event_public_id,
            "updated_at": moment,
            "is_read": False,
            "is_mentioned": user_id in called,
            "is_participating": user_id in taking_part,
        }
        for user_id in sorted(told)
    ]
    if rows:
        conn.execute(_upsert(conn), rows)


def _upsert(conn: sa.Connection) -> sa.Executable:
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(notifications)
    new, old = insert.excluded, notifications.c
    upsert: sa.Executable = insert.on_conflict_do_update(
        index_elements=["user_id", "discussion_id"],
        set_={
            "event_public_id": new.event_public_id,
            "updated_at": new.updated_at,
            "is_read": new.is_read,
            "is_mentioned": sa.or_(old.is_mentioned, new.is_mentioned),
            "is_participating": sa.or_(old.is_participating, new.is_participating),
        },
    )
    return upsert


def _participants(conn: sa.Connection, discussion_id: int) -> set[int]:
    """Who opened the discussion or did something in it."""
    opened = sa.select(discussions.c.author_id).where(discussions.c.id == discussion_id)
    did = sa.select(discussion_events.c.author_id).where(
        discussion_events.c.discussion_id == discussion_id
    )
    return {user_id for user_id in conn.execute(opened.union(did)).scalars() if user_id is not None}


def _called(conn: sa.Connection, repo: Repository, news: News) -> set[int]:
    found: dict[int, Account] = {}
    for name in news.mentions:
        org, _, team = name.partition("/")
        account = find_account(conn, org)
        if account is None:
            continue
        if not team and account.kind == "user":
            found[account.id] = account
        elif team and news.actor and role_in(conn, account.id, news.actor) is not None:
            found |= {one.id: one for one in members.called(conn, account, team)}
    return {id_ for id_, one in found.items() if access.may_see(conn, Caller(one, None), repo)}


def _watchers(conn: sa.Connection, repo: Repository) -> set[int]:
    """Whose word on the repository says so; else on its namespace; else those whose it is."""
    on_repository = _words(conn, watches.c.repo_id == repo.id)
    on_namespace = _words(conn, watches.c.account_id == repo.namespace_id)
    members = sa.select(memberships.c.user_id).where(memberships.c.org_id == repo.namespace_id)
    # An organisation reads nothing itself, so that it is named among them is harmless.
    theirs = {*conn.execute(members.limit(MAX_TOLD)).scalars(), repo.namespace_id}
    words = {**dict.fromkeys(theirs, True), **on_namespace, **on_repository}
    return {user_id for user_id, is_watching in words.items() if is_watching}


def _words(conn: sa.Connection, where: sa.ColumnElement[bool]) -> dict[int, bool]:
    query = sa.select(watches.c.user_id, watches.c.is_watching).where(where)
    rows = conn.execute(query.order_by(watches.c.id).limit(MAX_TOLD))
    return {row.user_id: row.is_watching for row in rows}
