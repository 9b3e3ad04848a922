"""What happens in a discussion, over HTTP: comments, titles, states, merging (hub protocol 11).

Each answer is the event that it became, in the words of clients.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, StrictBool

from paddock.hub import access
from paddock.hub.api.discussions import DISCUSSION, NumInPath, changing
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.discussions import (
    comments,
    contributing,
    events,
    pull_requests,
    rendering,
    rules,
)
from paddock.hub.discussions.values import Status
from paddock.hub.http.paths import RepositoryNameDep

router = APIRouter()

_COMMENT = DISCUSSION + "/comment/{comment_id:segment}"


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


@router.post(DISCUSSION + "/comment")
def comment(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, body: CommentBody
) -> dict[str, Any]:
    """One comment more."""
    with changing(hub, caller, name, num) as (conn, repo, discussion):
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
    with changing(hub, caller, name, num) as (conn, repo, discussion):
        event = events.get_comment(conn, discussion, comment_id)
        editor = rules.require_comment_author(caller, event)
        edited = comments.edit_comment(conn, repo, discussion, event, editor, body.content)
    return {"updatedComment": rendering.render_event(edited)}


@router.post(_COMMENT + "/hide")
def hide(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, comment_id: str
) -> dict[str, Any]:
    """Take a comment's text away for good."""
    with changing(hub, caller, name, num) as (conn, repo, discussion):
        event = events.get_comment(conn, discussion, comment_id)
        hider = rules.require_moderator(conn, caller, repo, event)
        hidden = comments.hide_comment(conn, repo, discussion, event, hider)
    return {"updatedComment": rendering.render_event(hidden)}


@router.post(DISCUSSION + "/title")
@router.patch(DISCUSSION + "/title", include_in_schema=False)
def rename(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, body: TitleBody
) -> dict[str, Any]:
    """Another title."""
    with changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_author_or_writer(conn, caller, repo, discussion)
        event = comments.rename(conn, repo, discussion, actor, body.title)
    return {"newTitle": rendering.render_event(event)}


@router.post(DISCUSSION + "/status")
@router.patch(DISCUSSION + "/status", include_in_schema=False)
def change_status(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: NumInPath, body: StatusBody
) -> dict[str, Any]:
    """Close, reopen, or let a draft be reviewed."""
    with changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_author_or_writer(conn, caller, repo, discussion)
        status = Status(body.status)
        contributing.check_reopening(conn, caller, repo, discussion, status)
        event = comments.change_status(conn, repo, discussion, actor, status, comment=body.comment)
    return {"newStatus": rendering.render_event(event)}


@router.post(DISCUSSION + "/merge")
def merge(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    num: NumInPath,
    body: MergeBody | None = None,
) -> dict[str, Any]:
    """Take what a pull request proposes into its base branch."""
    with changing(hub, caller, name, num) as (conn, repo, discussion):
        merger = rules.require_writer(conn, caller, repo)
        said = body.comment if body else None
        merged = pull_requests.merge(conn, repo, discussion, merger, comment=said)
    return {"success": True, "changes": rendering.render_changes(merged)}


@router.post(DISCUSSION + "/pin")
@router.patch(DISCUSSION + "/pin", include_in_schema=False)
def pin(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    num: NumInPath,
    body: PinBody | None = None,
) -> dict[str, Any]:
    """Let a discussion stand before the others, or no longer."""
    with changing(hub, caller, name, num) as (conn, repo, discussion):
        actor = rules.require_writer(conn, caller, repo)
        is_pinned = body.pinned if body else True
        after = comments.set_pinned(conn, repo, discussion, actor, is_pinned)
    return {"pinned": after.is_pinned}
