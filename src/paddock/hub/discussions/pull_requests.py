"""Pull requests: opened on a branch, merged into it, let go of.

A proposal's commits are at ``refs/pr/N``. It is merged as one commit on its base branch, as the Hub
does, with the title of the pull request and the list of its commits. What a proposal is compared
with is ``comparing``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Conflict
from paddock.hub.discussions import comments, contributing, events, rules, threads
from paddock.hub.discussions.comparing import (
    Comparison,
    compare,
    list_commits,
    merge_commits,
    tip_of,
)
from paddock.hub.discussions.events import NewEvent
from paddock.hub.discussions.rules import NotNow
from paddock.hub.discussions.values import Discussion, EventType, Proposal, Status
from paddock.hub.git import commits, refs
from paddock.hub.git.commit_objects import NewCommit, identity
from paddock.hub.git.commits import CommitRequest
from paddock.hub.git.moved import RefChange, refs_moved
from paddock.hub.git.objects import write_objects
from paddock.hub.git.operations import Operation
from paddock.hub.types import Account, Repository

_CONFLICTS_TOLD = 5


class MergeConflict(Conflict):
    """Branch and proposal changed the same files in different ways."""

    code = "merge_conflict"


@dataclass(frozen=True, slots=True)
class NewProposal:
    """A commit that is to be a pull request: its first commit, on a branch or an older commit."""

    base: str  # a branch, as the client names it
    operations: Sequence[Operation]
    title: str
    description: str
    message: str
    parent_commit: str | None = None


def open_draft(
    conn: sa.Connection, repo: Repository, author: Account, title: str, text: str
) -> Discussion:
    """A pull request without commits yet, at the head of main; raises BadInput, TooLarge."""
    title, text = rules.check_title(title), comments.opening_text(text)
    return _open(conn, repo, author, _Opening(refs.MAIN, None, title, text, Status.DRAFT))


def open_pull_request(
    conn: sa.Connection, repo: Repository, author: Account, new: NewProposal
) -> tuple[Discussion, str]:
    """A pull request that is one commit ahead of its base, and that commit's id.

    Raises RevisionNotFound when the base is no branch, and what ``commits.create_commit`` raises.
    """
    text = rules.check_text(new.description, may_be_empty=True)
    title = rules.title_of(new.title)
    base_ref = refs.branch_ref(new.base)
    opening = _Opening(base_ref, new.parent_commit, title, text, Status.OPEN)
    discussion = _open(conn, repo, author, opening)
    request = CommitRequest(discussion.git_ref, new.operations, author, new.message)
    oid = commits.create_commit(conn, repo, request)
    return threads.get_discussion(conn, repo, discussion.num), oid


def merge(
    conn: sa.Connection,
    repo: Repository,
    discussion: Discussion,
    merger: Account,
    *,
    comment: str | None = None,
) -> Discussion:
    """The base branch takes what is proposed; raises NotNow, MergeConflict, StaleParent."""
    proposal, base, compared = _ready_to_merge(conn, repo, discussion)
    merged = merge_commits(conn, repo, compared, base.commit_oid)
    if merged.conflicts:
        some = ", ".join(map(repr, merged.conflicts[:_CONFLICTS_TOLD]))
        more = len(merged.conflicts) - _CONFLICTS_TOLD
        and_more = f" and {more} more" if more > 0 else ""
        raise MergeConflict(
            f"{proposal.base_ref} has other changes of {some}{and_more}",
            hint="commit to the pull request what shall become of them",
        )
    if comment is not None and comment.strip():
        discussion = comments.add_comment(conn, repo, discussion, merger, comment).discussion
    write_objects(conn, repo.id, merged.objects)
    message = _merge_message(conn, repo, discussion, merger, compared)
    new = NewCommit(merged.oid, (base.commit_oid,), merger, clock.now(), message)
    oid = commits.commit_tree(conn, repo, base, new)
    done = replace(
        proposal, merged_base_oid=base.commit_oid, merged_head_oid=compared.head, merge_oid=oid
    )
    columns = {
        "status": Status.MERGED,
        "merged_base_oid": done.merged_base_oid,
        "merged_head_oid": done.merged_head_oid,
        "merge_oid": oid,
    }
    threads.set_columns(conn, discussion, **columns)
    contributing.forget_contribution(conn, repo, discussion.author)
    after = replace(discussion, status=Status.MERGED, proposal=done)
    change = NewEvent(EventType.STATUS, {"status": str(Status.MERGED)})
    return events.append(conn, repo, after, merger, change).discussion


def delete_commits(
    conn: sa.Connection, repo: Repository, discussion: Discussion, actor: Account
) -> None:
    """Let go of the ref of a pull request that is over; what nothing else holds is collected.

    Raises NotNow. What was said stays; a closed one whose commits are gone cannot be reopened.
    """
    if discussion.proposal is None or not discussion.status.is_over:
        raise NotNow("only a pull request that is over lets go of its commits")
    tip = tip_of(conn, repo, discussion.git_ref)
    if tip is not None:
        refs.drop_ref(conn, repo, discussion.git_ref)
        refs_moved(conn, repo, actor, [RefChange(discussion.git_ref, tip, None)])


class _Opening(NamedTuple):
    base_ref: str
    start: str | None  # None: where the base branch is
    title: str
    text: str
    status: Status


def _open(conn: sa.Connection, repo: Repository, author: Account, new: _Opening) -> Discussion:
    base = refs.find_ref(conn, repo, new.base_ref)
    if base is None or not new.base_ref.startswith(refs.BRANCHES):
        raise refs.unknown_revision(new.base_ref.removeprefix(refs.BRANCHES))
    start = refs.resolve_revision(conn, repo, new.start) if new.start else base.commit_oid
    proposal = Proposal(new.base_ref, start)
    discussion = threads.insert_discussion(conn, repo, author, new.title, proposal, new.status)
    opening = NewEvent(EventType.COMMENT, {}, new.text)
    discussion = events.append(conn, repo, discussion, author, opening).discussion
    refs.move_ref(conn, repo, refs.Ref(discussion.git_ref, start, start), expected=None)
    refs_moved(conn, repo, author, [RefChange(discussion.git_ref, None, start)])
    return discussion


def _ready_to_merge(
    conn: sa.Connection, repo: Repository, discussion: Discussion
) -> tuple[Proposal, refs.Ref, Comparison]:
    """What merging starts from; raises NotNow."""
    proposal = discussion.proposal
    if proposal is None:
        raise NotNow(f"discussion {discussion.num} is no pull request")
    if discussion.status is not Status.OPEN:
        is_draft = discussion.status is Status.DRAFT
        hint = "open it first: `hf discussions reopen`" if is_draft else None
        raise NotNow(f"pull request {discussion.num} is {discussion.status}", hint=hint)
    base = refs.find_ref(conn, repo, proposal.base_ref)
    if base is None:
        raise NotNow(f"the branch {proposal.base_ref} is gone: there is nothing to merge into")
    compared = compare(conn, repo, discussion)
    if compared is None:
        raise NotNow(f"the commit that pull request {discussion.num} began with is gone")
    if compared.head in (compared.fork, base.commit_oid):
        raise NotNow(f"pull request {discussion.num} has no commits to merge")
    return proposal, base, compared


def _merge_message(
    conn: sa.Connection,
    repo: Repository,
    discussion: Discussion,
    merger: Account,
    compared: Comparison,
) -> str:
    """The title with the number, the commits, and everyone else who wrote some of it."""
    named = list_commits(conn, repo, compared)
    lines = [f"- {entry.title} ({entry.oid})" for entry in named]
    message = f"{discussion.title} (#{discussion.num})"
    if lines:
        message += "\n\n\n" + "\n".join(lines)
    author = discussion.author
    if author is not None and author.id != merger.id:
        message += f"\n\n\nCo-authored-by: {identity(author)}"
    return message + "\n"
