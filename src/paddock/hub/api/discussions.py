"""Discussions and pull requests over HTTP (hub protocol 11).

Reads what clients send and answers in their words; what may be said is ``discussions.rules``'s,
what follows from it the other modules'. Every change holds the repository's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, NamedTuple

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StrictBool

from paddock.errors import BadInput, PaddockError, TooLarge
from paddock.hub import access
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.discussions import (
    comments,
    contributing,
    events,
    pull_requests,
    rendering,
    rules,
    threads,
)
from paddock.hub.discussions.threads import Wanted
from paddock.hub.discussions.values import Discussion, Status
from paddock.hub.git.moved import RefChange, refs_moved
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

MAX_PAGES = 1_000_000
_DISCUSSIONS = API_REPOSITORY + "/discussions"
_DISCUSSION = _DISCUSSIONS + "/{num:segment}"
_COMMENT = _DISCUSSION + "/comment/{comment_id:segment}"

NumInPath = Annotated[str, Path(description="the number of a discussion or pull request")]


class NewDiscussionBody(BaseModel):
    title: str
    description: str | None = None
    is_pull_request: Annotated[StrictBool, Field(alias="pullRequest")] = False


class CommentBody(BaseModel):
    comment: str


class TitleBody(BaseModel):
    title: str


class StatusBody(BaseModel):
    status: Literal["open", "closed"]
    comment: str | None = None


class MergeBody(BaseModel):
    comment: str | None = None


class EditBody(BaseModel):
    content: str


class PinBody(BaseModel):
    pinned: StrictBool = True


class ListQuery(BaseModel):
    """Which discussions of a repository."""

    p: Annotated[int, Field(ge=0, le=MAX_PAGES)] = 0
    type: Literal["all", "discussion", "pull_request"] = "all"
    status: Literal["all", "open", "closed", "draft", "merged"] = "all"
    author: Annotated[str | None, Field(max_length=100)] = None
    search: Annotated[str | None, Field(max_length=200)] = None
    sort: Literal["recently-created", "trending", "reactions", "recently-updated"] = (
        "recently-created"
    )


class _Opened(NamedTuple):
    """A discussion in a transaction that may change it."""

    conn: sa.Connection
    repo: Repository
    discussion: Discussion


@router.get(_DISCUSSIONS)
def list_discussions(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, query: Annotated[ListQuery, Query()]
) -> dict[str, Any]:
    """Discussions, newest first, in pages that ``count`` and ``start`` tell apart."""
    if "\0" in (query.search or ""):
        raise BadInput("a search cannot contain NUL")
    start = query.p * threads.PAGE_DISCUSSIONS
    wanted = Wanted(query.type, query.status, query.author, query.search, query.sort, start)
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        found = threads.list_discussions(conn, repo, wanted)
    return {
        "discussions": [rendering.render_discussion(repo, one) for one in found.discussions],
        "count": found.count,
        "start": start,
        "numClosedDiscussions": found.closed,
    }


@router.post(_DISCUSSIONS)
def create(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: NewDiscussionBody
) -> dict[str, Any]:
    """A new discussion, or a pull request that has no commits yet."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        text = body.description or ""
        if body.is_pull_request:
            author = contributing.require_contributor(conn, caller, repo)
            if contributing.is_outsider(conn, caller, repo):
                contributing.check_open(conn, repo, author)
            made = pull_requests.open_draft(conn, repo, author, body.title, text)
        else:
            author = access.require_writing_token(caller)
            made = comments.open_discussion(conn, repo, author, body.title, text)
    return {
        **rendering.render_discussion(repo, made),
        "url": rendering.web_path(repo, made),
        "pullRequest": made.proposal is not None,
    }


@router.get(_DISCUSSION)
def details(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, diff: bool = False
) -> dict[str, Any]:
    """A discussion with everything that happened in it; a pull request with what it changes.

    The diff is for those who may read the files.
    """
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        discussion = threads.get_discussion(conn, repo, rules.parse_number(num))
        answer = rendering.render_discussion(repo, discussion)
        happened = events.list_events(conn, discussion)
        answer["events"] = [rendering.render_event(event) for event in happened]
        if discussion.proposal is not None:
            answer["changes"] = rendering.render_changes(discussion)
            answer |= _compared(
                hub, conn, repo, discussion, is_shown=_shows(conn, caller, repo, diff)
            )
    return answer


@router.delete(_DISCUSSION)
def delete(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath
) -> dict[str, Any]:
    """Forget a discussion, and the ref of a pull request. Its number is not given again."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_writer(conn, caller, repo)
        events.announce(conn, repo, discussion, actor, None, "delete")
        ref_oid = threads.delete_discussion(conn, repo, discussion)
        if ref_oid is not None:
            refs_moved(conn, repo, actor, [RefChange(discussion.git_ref, ref_oid, None)])
    return {}


@router.post(_DISCUSSION + "/comment")
def comment(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, body: CommentBody
) -> dict[str, Any]:
    """One comment more."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        author = access.require_writing_token(caller)
        added = comments.add_comment(conn, repo, discussion, author, body.comment)
    return {"newMessage": rendering.render_event(added.event)}


@router.post(_COMMENT + "/edit")
def edit(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    num: NumInPath,
    comment_id: str,
    body: EditBody,
) -> dict[str, Any]:
    """Another text for one's own comment; the old one stays in its history."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        event = events.get_comment(conn, discussion, comment_id)
        editor = rules.require_comment_author(caller, event)
        edited = comments.edit_comment(conn, repo, discussion, event, editor, body.content)
    return {"updatedComment": rendering.render_event(edited)}


@router.post(_COMMENT + "/hide")
def hide(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, comment_id: str
) -> dict[str, Any]:
    """Take a comment's text away for good."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        event = events.get_comment(conn, discussion, comment_id)
        hider = rules.require_moderator(conn, caller, repo, event)
        hidden = comments.hide_comment(conn, repo, discussion, event, hider)
    return {"updatedComment": rendering.render_event(hidden)}


@router.post(_DISCUSSION + "/title")
@router.patch(_DISCUSSION + "/title", include_in_schema=False)
def rename(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, body: TitleBody
) -> dict[str, Any]:
    """Another title."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_author_or_writer(conn, caller, repo, discussion)
        event = comments.rename(conn, repo, discussion, actor, body.title)
    return {"newTitle": rendering.render_event(event)}


@router.post(_DISCUSSION + "/status")
@router.patch(_DISCUSSION + "/status", include_in_schema=False)
def change_status(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, body: StatusBody
) -> dict[str, Any]:
    """Close, reopen, or let a draft be reviewed."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_author_or_writer(conn, caller, repo, discussion)
        status = Status(body.status)
        event = comments.change_status(conn, repo, discussion, actor, status, comment=body.comment)
    return {"newStatus": rendering.render_event(event)}


@router.post(_DISCUSSION + "/merge")
def merge(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    num: NumInPath,
    body: MergeBody | None = None,
) -> dict[str, Any]:
    """Take what a pull request proposes into its base branch."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        merger = rules.require_writer(conn, caller, repo)
        said = body.comment if body else None
        merged = pull_requests.merge(conn, repo, discussion, merger, comment=said)
    return {"success": True, "changes": rendering.render_changes(merged)}


@router.post(_DISCUSSION + "/pin")
@router.patch(_DISCUSSION + "/pin", include_in_schema=False)
def pin(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    num: NumInPath,
    body: PinBody | None = None,
) -> dict[str, Any]:
    """Let a discussion stand before the others, or no longer."""
    with _changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_writer(conn, caller, repo)
        is_pinned = body.pinned if body else True
        after = comments.set_pinned(conn, repo, discussion, actor, is_pinned)
    return {"pinned": after.is_pinned}


@contextmanager
def _changing(hub: Hub, caller: Caller, name: RepositoryName, num: str) -> Iterator[_Opened]:
    """The discussion, which nobody else changes until the transaction ends."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        yield _Opened(conn, repo, threads.get_discussion(conn, repo, rules.parse_number(num)))


def _shows(conn: sa.Connection, caller: Caller, repo: Repository, wanted: bool) -> bool:
    """Whether the answer may hold what is in files."""
    if not wanted:
        return False
    try:
        access.require_content(conn, caller, repo)
    except PaddockError:
        return False
    return True


def _compared(
    hub: Hub, conn: sa.Connection, repo: Repository, discussion: Discussion, *, is_shown: bool
) -> dict[str, Any]:
    """Where a pull request conflicts with its base, and its diff; nothing that is too large."""
    compared = pull_requests.compare(conn, repo, discussion)
    try:
        conflicts = pull_requests.find_conflicts(conn, repo, discussion, compared)
        if not is_shown or compared is None:
            return {"filesWithConflicts": conflicts}
        diff = pull_requests.diff(conn, repo, hub.blobs, compared)
        return {"filesWithConflicts": conflicts, "diff": diff}
    except TooLarge:
        return {"filesWithConflicts": True}
