"""One discussion or pull request, from its opening on, with what the visitor may do in it.

Whoever looks at it has read of it: a notification of theirs is marked as read. Shows; what is sent
from the page is for ``commenting`` and ``acting``, which show it again when something was wrong.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from fastapi.responses import Response

from paddock.hub.context import Hub, HubDep
from paddock.hub.discussions import events, threads
from paddock.hub.discussions.rules import CommentNotFound, DiscussionNotFound, parse_number
from paddock.hub.discussions.values import Discussion
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.notifications import inbox, muting, unread, watching
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.discussions import commands, proposal
from paddock.web.discussions.comment_form import THREAD, CommentForm, quoted
from paddock.web.discussions.listing import PageNumber
from paddock.web.discussions.shown import Eyes, author_name, show_events
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import Shell, open_shell

router = page_router()

PAGE_EVENTS = 100


class Asked(NamedTuple):
    """Which part of a discussion: a page of it, or the one that an event is on."""

    p: int = 0
    at: str = ""
    quote: str = ""


class Opened(NamedTuple):
    """A discussion with what stands above it."""

    shell: Shell
    discussion: Discussion
    may_change: bool  # its title and state: who opened it, and writers


@router.get(THREAD)
def show(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    num: str,
    p: PageNumber = 0,
    at: str = "",
    quote: str = "",
) -> Response:
    """One discussion; ``at`` is an event to show, ``quote`` a comment to answer to."""
    return show_thread(hub, visitor, name, num, Asked(p, at, quote))


def open_thread(
    hub: Hub, conn: sa.Connection, visitor: Visitor, name: RepositoryName, num: str
) -> Opened:
    """The discussion, if the visitor may see it; raises DiscussionNotFound, among others."""
    shell = open_shell(hub, conn, visitor, name, "discussions")
    found = threads.get_discussion(conn, shell.repo, parse_number(num))
    user = visitor.user
    is_own = user is not None and found.author is not None and user.id == found.author.id
    return Opened(shell, found, visitor.caller.may_write and (is_own or shell.may_write))


def show_thread(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    num: str,
    asked: Asked,
    form: CommentForm | None = None,
    status_code: int = 200,
) -> Response:
    """The page, with what was written and not taken."""
    with hub.database.read() as conn:
        opened = open_thread(hub, conn, visitor, name, num)
        shell, found = opened.shell, opened.discussion
        p = events.place_of(conn, found, asked.at) // PAGE_EVENTS if asked.at else asked.p
        happened, total = events.list_some(conn, found, p * PAGE_EVENTS, PAGE_EVENTS)
        if p and not happened:
            raise DiscussionNotFound(f"discussion {found.num} has no page {p}")
        merging = None
        if found.proposal is not None:
            merging = proposal.look(conn, shell.repo, found, closely=opened.may_change)
        user = visitor.user
        is_watching = user is not None and watching.is_watching(conn, user, shell.repo)
        is_unread = user is not None and unread.is_unread(conn, user, found.id)
        is_muted = user is not None and muting.is_muted(conn, user, found.id)
        quotation = _quotation(conn, found, asked.quote)
    if is_unread:
        with hub.database.write() as conn:
            inbox.mark(conn, visitor.caller, [found.public_id], is_read=True)
    return visitor.show(
        "discussions/one.html",
        status_code,
        shell=shell,
        discussion=found,
        author=author_name(found.author),
        events=show_events(happened, Eyes(user, shell.may_write and visitor.caller.may_write)),
        p=p,
        pages=-(-total // PAGE_EVENTS),
        form=form or CommentForm(f"{found.num}/comment", quotation),
        may_change=opened.may_change,
        merging=merging,
        is_mergeable=proposal.is_mergeable(found, merging),
        is_watching=is_watching,
        is_muted=is_muted,
        commands=commands.to_add(shell.repo, found),
        settling=commands.to_settle(found) if found.proposal else "",
    )


def _quotation(conn: sa.Connection, found: Discussion, public_id: str) -> str:
    """The comment that is to be answered to, as text for the form; nothing for one that is none."""
    try:
        comment = events.get_comment(conn, found, public_id).comment
    except CommentNotFound:
        return ""
    return quoted(comment.latest.raw) if comment and not comment.is_hidden else ""
