"""Which texts a discussion may hold, and who may do what in one.

Whoever may see a repository may read and, signed in with a token that writes, take part. A comment
is changed by its author only. A discussion is closed, reopened, renamed, and its comments hidden,
by its author and by those who may write to the repository; they alone pin, delete and merge.
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa

from paddock.errors import BadInput, Conflict, Forbidden, NotFound, TooLarge, shown
from paddock.hub import access
from paddock.hub.discussions.tables import MAX_TITLE_CHARS
from paddock.hub.discussions.values import Discussion, Event
from paddock.hub.types import Account, Caller, Repository

MIN_TITLE_CHARS = 3
_MAX_DIGITS = 10
MAX_TEXT_CHARS = 65_536
# What all of one discussion may hold, as it is answered whole: then a new one is to be opened.
MAX_EVENTS = 2_000
MAX_DISCUSSION_BYTES = 16 * 1024 * 1024


class DiscussionNotFound(NotFound):
    """The repository has no discussion of this number."""

    code = "discussion_not_found"


class CommentNotFound(NotFound):
    """The discussion has no comment of this id."""

    code = "comment_not_found"


class DiscussionFull(Conflict):
    """The discussion holds as much as one may."""

    code = "discussion_full"


class NotNow(Conflict):
    """What is asked for does not fit the state that the discussion is in."""

    code = "discussion_state"


def parse_number(text: str) -> int:
    """The number that an address names; raises DiscussionNotFound."""
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise DiscussionNotFound("the number of a discussion is a whole number from 1 on")
    return int(text)


def check_title(text: str) -> str:
    """The title without space around it; raises BadInput."""
    title = "".join(map(_plain, text.strip()))
    if not MIN_TITLE_CHARS <= len(title) <= MAX_TITLE_CHARS:
        size = "short" if len(title) < MIN_TITLE_CHARS else "long"
        raise BadInput(
            f"the title {shown(title)} is too {size}",
            hint=f"use {MIN_TITLE_CHARS} to {MAX_TITLE_CHARS} characters",
        )
    if "\ufffd" in title:
        raise BadInput(f"the title {shown(title)} must be one line of printable characters")
    return title


def title_of(summary: str) -> str:
    """A title made of a commit's summary, which may be longer, and hold what no title may."""
    line = "".join(map(_plain, summary.strip().partition("\n")[0])).replace("\ufffd", " ")
    return line if len(line) <= MAX_TITLE_CHARS else line[: MAX_TITLE_CHARS - 1] + "…"


def check_text(text: str, *, may_be_empty: bool = False) -> str:
    """A comment's text; raises BadInput, TooLarge."""
    if len(text) > MAX_TEXT_CHARS:
        raise TooLarge(f"a comment of {len(text)} characters is over {MAX_TEXT_CHARS}")
    if "\0" in text:
        raise BadInput("a comment cannot contain NUL")
    if not (may_be_empty or text.strip()):
        raise BadInput("the comment is empty")
    return text


def check_room(discussion: Discussion, more_bytes: int) -> None:
    """Raise DiscussionFull when one event more, of this size, is too much."""
    is_full = (
        discussion.event_count >= MAX_EVENTS
        or discussion.text_bytes + more_bytes > MAX_DISCUSSION_BYTES
    )
    if is_full:
        raise DiscussionFull(
            f"discussion {discussion.num} holds as much as a discussion may",
            hint="open a new one",
        )


def require_writer(conn: sa.Connection, caller: Caller, repo: Repository) -> Account:
    """The signed-in account, which may write to the repository."""
    access.require_write(conn, caller, repo)
    return access.require_user(caller)


def require_author_or_writer(
    conn: sa.Connection, caller: Caller, repo: Repository, discussion: Discussion
) -> Account:
    """The signed-in account, which opened the discussion or may write to the repository."""
    account = access.require_writing_token(caller)
    if not (_is(account, discussion.author) or access.may_write(conn, caller, repo)):
        raise Forbidden(
            "only the author of the discussion and those who may write to the repository do this"
        )
    return account


def require_comment_author(caller: Caller, event: Event) -> Account:
    """The signed-in account, which wrote the comment."""
    account = access.require_writing_token(caller)
    if not _is(account, event.author):
        raise Forbidden("a comment is edited by its author only")
    return account


def require_moderator(
    conn: sa.Connection, caller: Caller, repo: Repository, event: Event
) -> Account:
    """The signed-in account, which wrote the comment or may write to the repository."""
    account = access.require_writing_token(caller)
    if not (_is(account, event.author) or access.may_write(conn, caller, repo)):
        raise Forbidden("a comment is hidden by its author, or by those who may write here")
    return account


def _plain(character: str) -> str:
    """The character; another kind of space as a space, and as U+FFFD what cannot be seen.

    Joiners stay, of which emoji and some scripts are made.
    """
    if character.isprintable() or character in "\u200c\u200d":
        return character
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"


def _is(account: Account, author: Account | None) -> bool:
    return author is not None and author.id == account.id
