"""Commits that came to a proposal: each of them becomes an event of its pull request.

Called for every ref that moved (``git.moved``), whoever moved it: the API, a git push, a squash.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from paddock.hub.discussions import ancestry, events, threads
from paddock.hub.discussions.events import NewEvent
from paddock.hub.discussions.rules import MAX_EVENTS, DiscussionNotFound
from paddock.hub.discussions.values import Discussion, EventType
from paddock.hub.git import refs
from paddock.hub.git.history import commit_entries
from paddock.hub.types import Account, Repository

MAX_COMMITS_TOLD = 100  # of those that come at once: the newest
_MAX_SUBJECT_CHARS = 200
_KEPT_FREE = 100  # events of a discussion that commits leave to people


def tell_arrivals(
    conn: sa.Connection,
    repo: Repository,
    actor: Account | None,
    moved: Iterable[tuple[str, str | None, str | None]],
) -> None:
    """Add an event for every commit that is new in a proposal; refs as (name, before, now)."""
    for name, before, now in moved:
        if before is None or now is None or not name.startswith(refs.PULL_REQUESTS):
            continue
        discussion = find_proposal(conn, repo, name)
        if discussion is not None:
            _tell(conn, repo, discussion, actor, (before, now))


def find_proposal(conn: sa.Connection, repo: Repository, ref_name: str) -> Discussion | None:
    """The pull request whose commits are at this ref."""
    number = ref_name.removeprefix(refs.PULL_REQUESTS)
    if not ref_name.startswith(refs.PULL_REQUESTS) or not (number.isascii() and number.isdigit()):
        return None
    try:
        found = threads.get_discussion(conn, repo, int(number[:10]))
    except DiscussionNotFound:
        return None
    return found if found.proposal is not None and found.git_ref == ref_name else None


def _tell(
    conn: sa.Connection,
    repo: Repository,
    discussion: Discussion,
    actor: Account | None,
    change: tuple[str, str],
) -> None:
    before, now = change
    assert discussion.proposal is not None  # noqa: S101  (``find_proposal`` gives no other)
    base = refs.find_ref(conn, repo, discussion.proposal.base_ref)
    known = [before, discussion.proposal.fork_oid, *([base.commit_oid] if base else [])]
    room = min(MAX_COMMITS_TOLD, MAX_EVENTS - _KEPT_FREE - discussion.event_count)
    if room <= 0:
        return
    oids = ancestry.commits_between(conn, repo, now, known, limit=room)
    entries = commit_entries(conn, repo, oids)
    for oid in reversed(oids):
        facts = {"subject": entries[oid].title[:_MAX_SUBJECT_CHARS], "oid": oid}
        new = NewEvent(EventType.COMMIT, facts)
        discussion = events.append(conn, repo, discussion, actor, new).discussion
