"""One's own reports, and what one was told of reports and advisories."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from paddock import clock
from paddock.hub.context import HubDep
from paddock.hub.notifications import notices
from paddock.hub.paging import MAX_CURSOR_CHARS, Part
from paddock.hub.reports import of_person
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text
from paddock.web.page_routes import page_router

router = page_router()

_PAGE: Final = 30
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARS)]


@router.get("/reports")
def show_own(
    hub: HubDep, visitor: VisitorDep, cursor: Cursor = None, told: Cursor = None
) -> Response:
    """What one reported, and what one was told, in pages of their own."""
    account = visitor.require_user()
    with hub.database.read() as conn:
        written = of_person.written_by(conn, visitor.caller, account, Part(_PAGE, cursor))
        found = notices.list_notices(conn, visitor.caller, Part(_PAGE, told))
        unread = notices.count_unread(conn, visitor.caller)
    return visitor.show(
        "reports/own.html",
        written=written.items,
        notices=found.items,
        unread_notices=unread,
        now=clock.now(),
        older_reports=_address(cursor=written.next_cursor),
        older_notices=_address(told=found.next_cursor),
    )


@router.post("/reports/read")
def mark_read(hub: HubDep, visitor: VisitorDep, form_key: Text = "") -> Response:
    """Everything that one was told is read."""
    visitor.check_form(form_key)
    visitor.require_user()
    with hub.database.write() as conn:
        notices.mark_read(conn, visitor.caller, None)
    return RedirectResponse("/reports", 303)


def _address(**cursors: str | None) -> str | None:
    asked = {name: cursor for name, cursor in cursors.items() if cursor}
    return f"/reports?{urlencode(asked)}" if asked else None
