"""What somebody was told: of discussions, and of reports and advisories; read, unread, marked.

Shows and reads forms; who is told of what is ``hub.notifications``'s. "All" is everything that the
page could show when it was made: what came since stays unread.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from paddock import clock
from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.context import HubDep
from paddock.hub.notifications import inbox, notices
from paddock.hub.notifications.inbox import PAGE_NOTIFICATIONS, Filter, Notification
from paddock.hub.paging import MAX_CURSOR_CHARS, Part
from paddock.hub.types import Kind
from paddock.web.browser import VisitorDep, own_path, to_sign_in
from paddock.web.forms import Text
from paddock.web.page_routes import page_router

router = page_router()

_MAX_MARKED = 500
_MAX_PAGES = 1_000_000
_MENTIONS = {"all": "Everything", "participating": "Taking part", "mentions": "Called by name"}

Ids = Annotated[list[str], Form(max_length=_MAX_MARKED)]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARS)]


class Asked(NamedTuple):
    """Which notifications, as the page's own address says it."""

    show: str = "unread"  # or "all"
    about: str = "discussions"  # or "notices"
    mention: str = "all"
    repo: str = ""  # KIND/ns/name

    def address(self, **changes: str | int) -> str:
        """The same page with something else; what is as usual is left out."""
        asked = {**self._asdict(), **changes}
        usual = {**Asked()._asdict(), "p": 0}
        query = urlencode({k: v for k, v in asked.items() if v != usual[k]})
        return "/notifications" + (f"?{query}" if query else "")

    def wanted(self, until: datetime | None = None) -> Filter:
        """The same, for the rows; a repository that is none has none."""
        kind, _, name = self.repo.partition("/")
        is_kind = kind in {str(one) for one in Kind}
        return Filter(
            read_status=self.show,
            mention=self.mention,
            kind=Kind(kind) if is_kind else None,
            repo_name=name if is_kind else None,
            last_update=until,
            is_elsewhere=bool(self.repo) and not is_kind,
        )


@router.get("/notifications")
def show(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    show: str = "",
    about: str = "",
    mention: str = "",
    repo: str = "",
    p: Annotated[int, Query(ge=0, le=_MAX_PAGES)] = 0,
    cursor: Cursor = None,
) -> Response:
    """The inbox."""
    if visitor.session is None:
        return to_sign_in(request)
    asked = _asked(show, about, mention, repo)
    made_at = clock.now()
    with hub.database.read() as conn:
        found = inbox.read_inbox(conn, visitor.caller, asked.wanted(), p * PAGE_NOTIFICATIONS)
        told = notices.list_notices(
            conn, visitor.caller, Part(PAGE_NOTIFICATIONS, cursor), is_unread=asked.show == "unread"
        )
        unread_notices = notices.count_unread(conn, visitor.caller)
        places = inbox.unread_repositories(conn, visitor.caller)
    has_more = (p + 1) * PAGE_NOTIFICATIONS < found.view
    return visitor.show(
        "notifications/inbox.html",
        asked=asked,
        items=[(one, _path(one)) for one in found.items],
        unread=found.unread,
        notices=told.items,
        unread_notices=unread_notices,
        places=[(f"{place.kind}/{place.full_name}", place) for place in places],
        mentions=_MENTIONS,
        made_at=made_at.isoformat(),
        newer=asked.address(p=p - 1) if p else None,
        older=asked.address(p=p + 1) if has_more else None,
        next_cursor=told.next_cursor,
    )


@router.post("/notifications/mark")
def mark(
    hub: HubDep,
    visitor: VisitorDep,
    form_key: Text = "",
    id: Ids = [],  # noqa: B006  (FastAPI reads it, nobody changes it)
    subject: Ids = [],  # noqa: B006
    read: Text = "1",
    all: Text = "",
    show: Text = "",
    about: Text = "",
    mention: Text = "",
    repo: Text = "",
    until: Text = "",
    next: Text = "",
) -> Response:
    """Mark some as read or unread, or all that a page showed the beginning of."""
    visitor.check_form(form_key)
    visitor.require_user()
    access.require_writing_token(visitor.caller)
    asked = _asked(show, about, mention, repo)
    with hub.database.write() as conn:
        if all == "1" and asked.about == "notices":
            notices.mark_read(conn, visitor.caller, None)
        elif all == "1":
            inbox.mark(conn, visitor.caller, asked.wanted(_moment(until)), is_read=True)
        elif subject:
            notices.mark_read(conn, visitor.caller, subject, is_read=read != "0")
        elif id:
            ids = [one for one in id if one.isascii() and one.isalnum()]
            inbox.mark(conn, visitor.caller, ids, is_read=read != "0")
    return RedirectResponse(own_path(next) if next else asked.address(), 303)


def _asked(show: str, about: str, mention: str, repo: str) -> Asked:
    """What is asked for; what is no filter is as if it were left out."""
    return Asked(
        show if show in {"unread", "all"} else "unread",
        about if about in {"discussions", "notices"} else "discussions",
        mention if mention in _MENTIONS else "all",
        repo.replace("\0", "")[:200],
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise BadInput("it is not said until when", hint="open the page and try again") from e


def _path(one: Notification) -> str:
    """The event that was told of last, on whichever page of its discussion."""
    repository = f"/{one.repo_kind.url_prefix}{one.repo_name}"
    return f"{repository}/discussions/{one.num}?at={one.event_id}#{one.event_id}"
