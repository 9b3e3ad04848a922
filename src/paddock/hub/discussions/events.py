"""What happens in a discussion: written as one more event, and told to whom it concerns.

Every event passes through ``append``: it keeps the counts that bound a discussion, gives comments
their HTML, tells watching users, and lets webhooks know. Knows rows; the caller has checked who may
do what, and holds the repository's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.attachments import keeping
from paddock.hub.discussions import rendering, rules, texts, threads
from paddock.hub.discussions.rules import CommentNotFound
from paddock.hub.discussions.tables import comment_versions, discussion_events
from paddock.hub.discussions.values import Comment, Discussion, Event, EventType, Version
from paddock.hub.notifications import telling
from paddock.hub.people.accounts import new_public_id
from paddock.hub.types import Account, Repository
from paddock.hub.webhooks import events as webhooks
from paddock.markdown import Rendered
from paddock.storage.sql import in_chunks


class NewEvent(NamedTuple):
    """What happened; ``text`` is a comment's."""

    type: EventType
    facts: Mapping[str, Any]
    text: str | None = None


class Appended(NamedTuple):
    """The event, and the discussion with it."""

    event: Event
    discussion: Discussion


def append(
    conn: sa.Connection,
    repo: Repository,
    discussion: Discussion,
    author: Account | None,
    new: NewEvent,
) -> Appended:
    """Let this happen; raises DiscussionFull. None acts for the hub itself."""
    rendered = None if new.text is None else texts.render_comment(conn, new.text)
    size_bytes = _bytes(new.text, rendered)
    rules.check_room(discussion, size_bytes)
    event = _insert(conn, discussion, author, new, rendered)
    after = _count(conn, discussion, event, size_bytes)
    if new.text is not None:
        keeping.record_uses(conn, event.id, author, new.text)
    mentions = rendered.mentions if rendered else ()
    telling.tell(conn, repo, telling.News(after.id, event.public_id, author, mentions))
    announce(conn, repo, after, author, event, "update" if new.text is None else "create")
    return Appended(event, after)


def announce(
    conn: sa.Connection,
    repo: Repository,
    discussion: Discussion,
    actor: Account | None,
    event: Event | None,
    action: str,
) -> None:
    """Tell webhooks: of a comment when the event is one, of its discussion when it opens it."""
    facts: dict[str, Any] = {"discussion": rendering.discussion_fact(repo, discussion)}
    scope = "discussion"
    if event is not None and event.comment is not None:
        facts["comment"] = rendering.comment_fact(repo, discussion, event)
        if action != "create" or discussion.event_count > 1:
            scope = "discussion.comment"
    webhooks.announce(conn, webhooks.Event(action, scope, repo, actor, facts))


def list_events(conn: sa.Connection, discussion: Discussion) -> list[Event]:
    """Everything that happened, in its order."""
    c = discussion_events.c
    query = sa.select(discussion_events).where(c.discussion_id == discussion.id).order_by(c.id)
    return _read(conn, conn.execute(query).mappings().all())


def list_some(
    conn: sa.Connection, discussion: Discussion, start: int, limit: int
) -> tuple[list[Event], int]:
    """Some of what happened, in its order, and how much there is altogether."""
    c = discussion_events.c
    mine = c.discussion_id == discussion.id
    query = sa.select(discussion_events).where(mine).order_by(c.id).offset(start).limit(limit)
    total = sa.select(sa.func.count()).select_from(discussion_events).where(mine)
    found = _read(conn, conn.execute(query).mappings().all())
    return found, int(conn.execute(total).scalar_one())


def place_of(conn: sa.Connection, discussion: Discussion, public_id: str) -> int:
    """How many events are before this one; 0 for one that is not there."""
    c = discussion_events.c
    if not (public_id.isascii() and public_id.isalnum()):
        return 0
    mine = c.discussion_id == discussion.id
    this = sa.select(c.id).where(mine, c.public_id == public_id.lower()).scalar_subquery()
    before = sa.select(sa.func.count()).select_from(discussion_events).where(mine, c.id < this)
    return int(conn.execute(before).scalar_one())


def get_comment(conn: sa.Connection, discussion: Discussion, public_id: str) -> Event:
    """A comment of the discussion, whatever the case of its id; raises CommentNotFound."""
    c = discussion_events.c
    wanted = public_id.lower()
    query = sa.select(discussion_events).where(
        c.discussion_id == discussion.id, c.public_id == wanted, c.type == EventType.COMMENT
    )
    rows = conn.execute(query).mappings().all() if wanted.isalnum() and wanted.isascii() else []
    if not rows:
        raise CommentNotFound(f"discussion {discussion.num} has no such comment")
    return _read(conn, rows)[0]


def _insert(
    conn: sa.Connection,
    discussion: Discussion,
    author: Account | None,
    new: NewEvent,
    rendered: Rendered | None,
) -> Event:
    moment = clock.now()
    row = {
        "public_id": new_public_id(),
        "discussion_id": discussion.id,
        "type": new.type,
        "author_id": author.id if author else None,
        "created_at": moment,
        "facts": dict(new.facts),
        "raw": new.text,
        "html": rendered.html if rendered else None,
        "edited_at": moment if rendered else None,
        "editor_id": author.id if author and rendered else None,
        "is_hidden": False,
    }
    made = conn.execute(discussion_events.insert().values(row).returning(discussion_events))
    return _to_event(made.mappings().one(), {author.id: author} if author else {}, ())


def _count(
    conn: sa.Connection, discussion: Discussion, event: Event, size_bytes: int
) -> Discussion:
    after = replace(
        discussion,
        comment_count=discussion.comment_count + (event.comment is not None),
        event_count=discussion.event_count + 1,
        text_bytes=discussion.text_bytes + size_bytes,
        updated_at=event.created_at,
    )
    threads.set_columns(
        conn,
        discussion,
        comment_count=after.comment_count,
        event_count=after.event_count,
        text_bytes=after.text_bytes,
        updated_at=after.updated_at,
    )
    return after


def _bytes(text: str | None, rendered: Rendered | None) -> int:
    if text is None or rendered is None:
        return 0
    return len(text.encode()) + len(rendered.html.encode())


def _read(conn: sa.Connection, rows: Sequence[sa.RowMapping]) -> list[Event]:
    versions = _versions(conn, [row["id"] for row in rows if row["type"] == EventType.COMMENT])
    ids = [row[name] for row in rows for name in ("author_id", "editor_id", "hider_id")]
    ids += [row["author_id"] for of_event in versions.values() for row in of_event]
    known = threads.people(conn, ids)
    return [
        _to_event(
            row,
            known,
            tuple(
                Version(v["raw"], v["html"], known.get(v["author_id"]), v["written_at"])
                for v in versions.get(row["id"], ())
            ),
        )
        for row in rows
    ]


def _versions(conn: sa.Connection, event_ids: list[int]) -> dict[int, list[sa.RowMapping]]:
    c = comment_versions.c
    found: dict[int, list[sa.RowMapping]] = {}
    for some in in_chunks(event_ids):
        query = sa.select(comment_versions).where(c.event_id.in_(some))
        for row in conn.execute(query.order_by(c.event_id, c.number)).mappings():
            found.setdefault(row["event_id"], []).append(row)
    return found


def _to_event(
    row: sa.RowMapping, known: Mapping[int, Account], history: tuple[Version, ...]
) -> Event:
    comment = None
    if row["type"] == EventType.COMMENT:
        latest = Version(
            row["raw"] or "", row["html"] or "", known.get(row["editor_id"]), row["edited_at"]
        )
        comment = Comment(latest, history, row["is_hidden"], known.get(row["hider_id"]))
    return Event(
        id=row["id"],
        public_id=row["public_id"],
        type=EventType(row["type"]),
        author=known.get(row["author_id"]),
        created_at=row["created_at"],
        facts=row["facts"],
        comment=comment,
    )
