"""Notices over HTTP: what the caller was told beside discussions, of reports and advisories."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StrictBool

from paddock import clock
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import queries
from paddock.hub.http.paged import asked_part
from paddock.hub.notifications import notices
from paddock.hub.notifications.notices import Notice

router = APIRouter()

_NOTICES = "/api/notifications/notices"
_AT_ONCE = 100
Subjects = list[Annotated[str, Field(pattern="^[a-z]+:[A-Za-z0-9-]{1,50}$")]]


class MarkBody(BaseModel):
    """Which notices; without ``subjects`` all of them."""

    subjects: Annotated[Subjects | None, Field(max_length=500)] = None
    read: StrictBool = True


@router.get(_NOTICES)
def list_notices(
    request: Request, response: Response, hub: HubDep, caller: CallerDep
) -> dict[str, Any]:
    """The caller's notices, newest first; ``?unread=true`` for those not read."""
    access.require_user(caller)
    part = asked_part(request, default=_AT_ONCE, most=_AT_ONCE)
    is_unread = bool(queries.flag(request, "unread"))
    with hub.database.read() as conn:
        page = notices.list_notices(conn, caller, part, is_unread=is_unread)
        unread = notices.count_unread(conn, caller)
    if page.next_cursor is not None:
        response.headers["Link"] = queries.link_to_next(request, hub, page.next_cursor)
    return {"notices": [_render(one) for one in page.items], "unread": unread}


@router.post(_NOTICES + "/mark-as-read")
def mark_as_read(hub: HubDep, caller: CallerDep, body: MarkBody | None = None) -> dict[str, Any]:
    """Mark some notices, or all."""
    access.require_writing_token(caller)
    wanted = body or MarkBody()
    with hub.database.write() as conn:
        notices.mark_read(conn, caller, wanted.subjects, is_read=wanted.read)
        return {"unread": notices.count_unread(conn, caller)}


def _render(one: Notice) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "sentence": one.sentence,
        "repo": {"name": one.repo_name, "type": str(one.repo_kind)},
        "url": one.address,
        "updatedAt": clock.to_text(one.updated_at),
        "read": one.is_read,
    }
