"""A discussion's comments, titles and states as they change: each change is an event.

Knows what follows from what; who may do it was checked (``rules``). The caller holds the
repository's lock.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from paddock import clock
from paddock.hub.attachments import keeping
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.discussions import events, rules, texts, threads
from paddock.hub.discussions.events import Appended, NewEvent
from paddock.hub.discussions.rules import NotNow
from paddock.hub.discussions.tables import comment_versions, discussion_events
from paddock.hub.discussions.values import Discussion, Event, EventType, Status
from paddock.hub.git import refs
from paddock.hub.types import Account, Repository


def open_discussion(
    conn: sa.Connection, repo: Repository, author: Account, title: str, text: str
) -> Discussion:
    """A new discussion with its opening comment; raises BadInput, TooLarge."""
    discussion = threads.insert_discussion(conn, repo, author, rules.check_title(title))
    opening = NewEvent(EventType.COMMENT, {}, opening_text(text))
    return events.append(conn, repo, discussion, author, opening).discussion


def opening_text(text: str) -> str:
    """The first comment's text, which may say nothing."""
    return rules.check_text(text, may_be_empty=True)


def add_comment(
    conn: sa.Connection, repo: Repository, discussion: Discussion, author: Account, text: str
) -> Appended:
    """One comment more; raises BadInput, TooLarge, DiscussionFull."""
    new = NewEvent(EventType.COMMENT, {}, rules.check_text(text))
    return events.append(conn, repo, discussion, author, new)


def edit_comment(
    conn: sa.Connection,
    repo: Repository,
    discussion: Discussion,
    event: Event,
    editor: Account,
    text: str,
) -> Event:
    """The comment with another text, its old one kept; raises BadInput, TooLarge, NotNow."""
    assert event.comment is not None  # noqa: S101  (``events.get_comment`` gives nothing else)
    if event.comment.is_hidden:
        raise NotNow("a hidden comment cannot be edited")
    before = event.comment.latest
    if rules.check_text(text) == before.raw:
        return event
    html = texts.render_comment(conn, text).html
    more_bytes = len(text.encode()) + len(html.encode())
    rules.check_room(discussion, more_bytes)
    version = {
        "event_id": event.id,
        "number": len(event.comment.history) + 1,
        "raw": before.raw,
        "html": before.html,
        "author_id": before.author.id if before.author else None,
        "written_at": before.written_at,
    }
    conn.execute(comment_versions.insert().values(version))
    _update(conn, event, raw=text, html=html, edited_at=clock.now(), editor_id=editor.id)
    # A version counts as an event, so that edits without end meet a bound, too.
    after = replace(
        discussion,
        text_bytes=discussion.text_bytes + more_bytes,
        event_count=discussion.event_count + 1,
    )
    columns = {"text_bytes": after.text_bytes, "event_count": after.event_count}
    threads.set_columns(conn, discussion, **columns)
    keeping.record_uses(conn, event.id, editor, text)
    edited = events.get_comment(conn, discussion, event.public_id)
    events.announce(conn, repo, after, editor, edited, "update")
    return edited


def hide_comment(
    conn: sa.Connection, repo: Repository, discussion: Discussion, event: Event, hider: Account
) -> Event:
    """The comment without its text, in any version: that is gone for good."""
    if event.comment is not None and event.comment.is_hidden:
        return event
    conn.execute(comment_versions.delete().where(comment_versions.c.event_id == event.id))
    _update(conn, event, raw=None, html=None, is_hidden=True, hider_id=hider.id)
    keeping.forget_uses(conn, event.id)
    hidden = events.get_comment(conn, discussion, event.public_id)
    events.announce(conn, repo, discussion, hider, hidden, "update")
    note(conn, Act.DISCUSSION, repo=repo, number=discussion.num, what="hide")
    return hidden


def rename(
    conn: sa.Connection, repo: Repository, discussion: Discussion, actor: Account, title: str
) -> Event:
    """The discussion gets another title; raises BadInput."""
    title = rules.check_title(title)
    threads.set_columns(conn, discussion, title=title)
    change = NewEvent(EventType.TITLE, {"from": discussion.title, "to": title})
    return events.append(conn, repo, replace(discussion, title=title), actor, change).event


def change_status(
    conn: sa.Connection,
    repo: Repository,
    discussion: Discussion,
    actor: Account,
    status: Status,
    *,
    comment: str | None = None,
) -> Event:
    """The discussion is opened or closed, after a comment that says why; raises NotNow."""
    if discussion.status is Status.MERGED:
        raise NotNow("this pull request was merged: it cannot be opened or closed any more")
    if discussion.status is status:
        raise NotNow(f"discussion {discussion.num} is {status} already")
    _check_reopening(conn, repo, discussion, status)
    if comment is not None and comment.strip():
        discussion = add_comment(conn, repo, discussion, actor, comment).discussion
    threads.set_columns(conn, discussion, status=status)
    change = NewEvent(EventType.STATUS, {"status": str(status)})
    note(conn, Act.DISCUSSION, repo=repo, number=discussion.num, status=str(status))
    return events.append(conn, repo, replace(discussion, status=status), actor, change).event


def set_pinned(
    conn: sa.Connection, repo: Repository, discussion: Discussion, actor: Account, is_pinned: bool
) -> Discussion:
    """The discussion stands before the others, or among them."""
    if discussion.is_pinned is is_pinned:
        return discussion
    threads.set_columns(conn, discussion, is_pinned=is_pinned)
    change = NewEvent(EventType.PINNING, {"pinned": is_pinned})
    after = replace(discussion, is_pinned=is_pinned)
    note(conn, Act.DISCUSSION, repo=repo, number=discussion.num, what="pin")
    return events.append(conn, repo, after, actor, change).discussion


def _check_reopening(
    conn: sa.Connection, repo: Repository, discussion: Discussion, status: Status
) -> None:
    """Raise NotNow for a pull request whose commits were deleted."""
    is_again = status is Status.OPEN and discussion.proposal is not None
    if is_again and refs.find_ref(conn, repo, discussion.git_ref) is None:
        raise NotNow(
            f"the commits of pull request {discussion.num} were deleted",
            hint="open a new pull request",
        )


def _update(conn: sa.Connection, event: Event, **columns: object) -> None:
    same = discussion_events.c.id == event.id
    conn.execute(discussion_events.update().where(same).values(**columns))
