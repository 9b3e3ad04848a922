"""Discussions and pull requests over HTTP: listed, opened, read, deleted (hub protocol 11).

Reads what clients send and answers in their words; what may be said is ``discussions.rules``'s,
what follows from it the other modules'. Every change holds the repository's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, NamedTuple

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field, StrictBool

from paddock.errors import BadInput, PaddockError, TooLarge
from paddock.hub import access
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.discussions import (
    comments,
    comparing,
    contributing,
    events,
    pull_requests,
    rendering,
    rules,
    threads,
)
from paddock.hub.discussions.shown_diffs import diff_for
from paddock.hub.discussions.threads import Wanted
from paddock.hub.discussions.values import Discussion
from paddock.hub.git.moved import RefChange, refs_moved
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

MAX_PAGES = 1_000_000
_DISCUSSIONS = API_REPOSITORY + "/discussions"
DISCUSSION = _DISCUSSIONS + "/{num:segment}"
NumInPath = Annotated[str, Path(description="the number of a discussion or pull request")]


class NewDiscussionBody(BaseModel):
    title: str
    description: str | None = None
    is_pull_request: Annotated[StrictBool, Field(alias="pullRequest")] = False


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


class Opened(NamedTuple):
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
        "count": found.total,
        "start": start,
        "numClosedDiscussions": found.closed,
    }


@router.post(_DISCUSSIONS)
def create(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    body: NewDiscussionBody,
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
        "url": hub.base_url(request) + rendering.web_path(repo, made),
        "pullRequest": made.proposal is not None,
    }


@router.get(DISCUSSION)
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
            asking = Asking(hub, conn, caller, repo)
            answer |= _compared(asking, discussion, is_shown=_shows(asking, wanted=diff))
    return answer


@router.delete(DISCUSSION)
def delete(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath
) -> dict[str, Any]:
    """Forget a discussion, and the ref of a pull request. Its number is not given again."""
    with changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_writer(conn, caller, repo)
        events.announce(conn, repo, discussion, actor, None, "delete")
        ref_oid = threads.delete_discussion(conn, repo, discussion)
        if ref_oid is not None:
            refs_moved(conn, repo, actor, [RefChange(discussion.git_ref, ref_oid, None)])
    return {}


@contextmanager
def changing(hub: Hub, caller: Caller, name: RepositoryName, num: str) -> Iterator[Opened]:
    """The discussion, which nobody else changes until the transaction ends."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        yield Opened(conn, repo, threads.get_discussion(conn, repo, rules.parse_number(num)))


def _shows(asking: Asking, *, wanted: bool) -> bool:
    """Whether the answer may hold what is in files."""
    if not wanted:
        return False
    try:
        access.require_content(asking.conn, asking.caller, asking.repo)
        leaving.withheld(asking)
    except PaddockError:
        return False
    return True


def _compared(asking: Asking, discussion: Discussion, *, is_shown: bool) -> dict[str, Any]:
    """Where a pull request conflicts with its base, and its diff; nothing that is too large."""
    conn, repo = asking.conn, asking.repo
    compared = comparing.compare(conn, repo, discussion)
    try:
        conflicts = comparing.find_conflicts(conn, repo, discussion, compared)
        if not is_shown or compared is None:
            return {"filesWithConflicts": conflicts}
        diff = diff_for(asking, compared.fork, compared.head)
        return {"filesWithConflicts": conflicts, "diff": diff}
    except TooLarge:
        return {"filesWithConflicts": True}
