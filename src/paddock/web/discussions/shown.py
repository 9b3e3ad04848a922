"""An event of a discussion as a page tells it: a comment's HTML, or one sentence.

Pure. Comments are HTML that was sanitised twice (``comment_html``), under a policy that lets
nothing in them run; everything else is text.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from markupsafe import Markup

from paddock.hub.discussions.values import Event, EventType
from paddock.hub.types import Account, Repository
from paddock.web.discussions.comment_html import shown_comment
from paddock.web.files.plain_text import shown_name

_ICONS = {
    EventType.STATUS: "flag",
    EventType.TITLE: "file",
    EventType.PINNING: "up",
    EventType.COMMIT: "branch",
}
_STATES = {
    "open": "opened this",
    "closed": "closed this",
    "merged": "merged this",
    "draft": "made this a draft",
}


class ShownEvent(NamedTuple):
    """An event; ``html`` is a comment's that is not hidden, ``words`` tell of anything else."""

    id: str
    author: str | None  # None: the account is gone
    when: datetime
    icon: str
    html: Markup | None
    words: str
    commit_oid: str | None
    edits: int
    may_edit: bool
    may_hide: bool


class Eyes(NamedTuple):
    """Who looks: whose own comments may be edited, and whether all may be hidden."""

    user: Account | None
    may_write: bool


def show_events(events: Iterable[Event], eyes: Eyes) -> list[ShownEvent]:
    """The events, as this visitor sees them."""
    return [_show(event, eyes) for event in events]


def author_name(account: Account | None) -> str | None:
    """Whose doing it was; None when the account is gone."""
    return account.name if account is not None else None


def commit_path(repo: Repository, oid: str) -> str:
    """Where a commit's page is."""
    return f"{repo.web_path}/commit/{oid}"


def _show(event: Event, eyes: Eyes) -> ShownEvent:
    comment = event.comment
    is_shown = comment is not None and not comment.is_hidden
    is_own = eyes.user is not None and event.author is not None and eyes.user.id == event.author.id
    html = comment.latest.html if comment is not None and is_shown else None
    oid = event.facts.get("oid") if event.type is EventType.COMMIT else None
    return ShownEvent(
        id=event.public_id,
        author=author_name(event.author),
        when=event.created_at,
        icon=_ICONS.get(event.type, "talk"),
        html=None if html is None else shown_comment(html),
        words=_words(event),
        commit_oid=str(oid) if oid else None,
        edits=len(comment.history) if comment is not None and is_shown else 0,
        may_edit=is_shown and is_own,
        may_hide=is_shown and (is_own or eyes.may_write),
    )


def _words(event: Event) -> str:
    facts: Any = event.facts
    match event.type:
        case EventType.STATUS:
            return _STATES.get(facts["status"], "changed the state of this")
        case EventType.TITLE:
            return f"changed the title from “{facts['from']}” to “{facts['to']}”"
        case EventType.PINNING:
            return "pinned this" if facts["pinned"] else "unpinned this"
        case EventType.COMMIT:
            return shown_name(facts["subject"])
        case EventType.COMMENT:
            hider = event.comment.hider if event.comment else None
            return f"This comment was hidden by {hider.name}" if hider else "This comment is hidden"
