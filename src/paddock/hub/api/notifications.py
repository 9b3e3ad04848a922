"""Notifications over HTTP, as the Hub's published API has them: the inbox and what is watched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StrictBool

from paddock import clock
from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.notifications import inbox, watching
from paddock.hub.notifications.inbox import Filter, Notification
from paddock.hub.types import Kind

router = APIRouter()

MAX_PAGES = 1_000_000
MAX_DISCUSSIONS = 500

DiscussionIds = Annotated[
    list[Annotated[str, Field(pattern="^[0-9a-f]{24}$")]], Field(max_length=MAX_DISCUSSIONS)
]


class FilterQuery(BaseModel):
    """Which notifications."""

    p: Annotated[int, Field(ge=0, le=MAX_PAGES)] = 0
    read_status: Annotated[Literal["all", "unread"], Field(alias="readStatus")] = "all"
    repo_type: Annotated[str | None, Field(alias="repoType", max_length=20)] = None
    repo_name: Annotated[str | None, Field(alias="repoName", max_length=200)] = None
    mention: Literal["all", "participating", "mentions"] = "all"
    last_update: Annotated[datetime | None, Field(alias="lastUpdate")] = None
    post_author: Annotated[str | None, Field(alias="postAuthor")] = None
    paper_id: Annotated[str | None, Field(alias="paperId")] = None
    article_id: Annotated[str | None, Field(alias="articleId")] = None

    def to_filter(self) -> Filter:
        kinds = {str(kind): kind for kind in Kind}
        of_others = any((self.post_author, self.paper_id, self.article_id))
        is_elsewhere = of_others or self.repo_type not in (None, *kinds)
        moment = self.last_update
        if moment is not None:
            moment = _utc(moment)
        name = None if self.repo_name is None else self.repo_name.replace("\0", "")
        kind = kinds.get(self.repo_type or "")
        return Filter(self.read_status, self.mention, kind, name, moment, is_elsewhere)


def _utc(moment: datetime) -> datetime:
    """The moment, UTC unless it says otherwise; raises BadInput at the ends of the calendar."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as e:
        raise BadInput("lastUpdate is beyond the calendar") from e


class ChangeQuery(FilterQuery):
    """The same, for all of them at once."""

    apply_to_all: Annotated[bool, Field(alias="applyToAll")] = False


class MarkBody(BaseModel):
    discussion_ids: Annotated[DiscussionIds, Field(alias="discussionIds", default_factory=list)]
    read: StrictBool = True


class ForgetBody(BaseModel):
    discussion_ids: Annotated[DiscussionIds, Field(alias="discussionIds", default_factory=list)]


class WatchItem(BaseModel):
    id: Annotated[str, Field(max_length=24)]
    type: Literal["org", "repo", "user"]


class WatchBody(BaseModel):
    add: Annotated[list[WatchItem], Field(max_length=watching.MAX_CHANGES, default_factory=list)]
    delete: Annotated[list[WatchItem], Field(max_length=watching.MAX_CHANGES, default_factory=list)]


@router.get("/api/notifications")
def list_notifications(
    hub: HubDep, caller: CallerDep, query: Annotated[FilterQuery, Query()]
) -> dict[str, Any]:
    """Discussions in which something happened that concerns the caller, newest first."""
    access.require_user(caller)
    start = query.p * inbox.PAGE_NOTIFICATIONS
    with hub.database.read() as conn:
        found = inbox.read_inbox(conn, caller, query.to_filter(), start)
    return {
        "notifications": [_render(one) for one in found.items],
        "count": {"view": found.view, "unread": found.unread, "all": found.all},
        "start": start,
    }


@router.post("/api/discussions/mark-as-read")
def mark_as_read(
    hub: HubDep,
    caller: CallerDep,
    query: Annotated[ChangeQuery, Query()],
    body: MarkBody | None = None,
) -> dict[str, Any]:
    """Mark some notifications, or with ``applyToAll`` all that the query finds."""
    access.require_writing_token(caller)
    wanted = body or MarkBody.model_validate({})
    chosen = query.to_filter() if query.apply_to_all else wanted.discussion_ids
    with hub.database.write() as conn:
        inbox.mark(conn, caller, chosen, is_read=wanted.read)
    return {}


@router.delete("/api/notifications")
def delete_notifications(
    hub: HubDep,
    caller: CallerDep,
    query: Annotated[ChangeQuery, Query()],
    body: ForgetBody | None = None,
) -> dict[str, Any]:
    """Forget some notifications, or with ``applyToAll`` all that the query finds."""
    access.require_writing_token(caller)
    ids = body.discussion_ids if body else []
    chosen = query.to_filter() if query.apply_to_all else ids
    with hub.database.write() as conn:
        inbox.forget(conn, caller, chosen)
    return {}


@router.get("/api/settings/watch")
def list_watched(hub: HubDep, caller: CallerDep) -> list[dict[str, str]]:
    """What the caller watches."""
    access.require_user(caller)
    with hub.database.read() as conn:
        found = watching.watched_by(conn, caller)
    return [{"id": one.public_id, "type": one.type, "name": one.name} for one in found]


@router.patch("/api/settings/watch")
def change_watched(hub: HubDep, caller: CallerDep, body: WatchBody) -> list[dict[str, str]]:
    """Watch more, or no longer watch some; gives what is watched now."""
    access.require_writing_token(caller)
    with hub.database.write() as conn:
        for items, is_watching in ((body.delete, False), (body.add, True)):
            for item in items:
                watching.set_watching(conn, caller, item.type, item.id, is_watching=is_watching)
    return list_watched(hub, caller)


def _render(one: Notification) -> dict[str, Any]:
    return {
        "type": "repo",
        "updatedAt": clock.to_text(one.updated_at),
        "read": one.is_read,
        "mention": one.is_mentioned,
        "discussionEventId": one.event_id,
        "repo": {"name": one.repo_name, "type": str(one.repo_kind)},
        "discussion": {
            "id": one.discussion_id,
            "num": one.num,
            "title": one.title,
            "status": one.status,
            "isPullRequest": one.is_pull_request,
            "participating": [{"user": name, "avatarUrl": ""} for name in one.participants],
        },
    }
