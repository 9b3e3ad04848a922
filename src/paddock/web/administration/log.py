"""The audit log for administrators: by filters, in pages, and as a file that can be verified."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response, StreamingResponse

from paddock.errors import BadInput, shown
from paddock.hub.audit_log import exporting, reading
from paddock.hub.audit_log.reading import Filters
from paddock.hub.context import HubDep
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.paging import Part
from paddock.hub.people.accounts import find_account
from paddock.hub.types import Kind
from paddock.web.administration.asking import START, require_administrator
from paddock.web.administration.entries import acts, in_words
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router

router = page_router()

_ON_A_PAGE = 100
_NOBODY = -1  # no row has this number
_Word = Annotated[str, Query(max_length=200)]


@router.get(START + "/log")
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    act: _Word = "",
    who: _Word = "",
    repository: _Word = "",
    since: _Word = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """The latest first; a name that nobody has finds nothing."""
    require_administrator(visitor)
    with hub.database.read() as conn:
        actor_id = repo_id = None
        if who.strip():
            account = find_account(conn, who.strip())
            actor_id = account.id if account else _NOBODY
        if repository.strip():
            named = _named(repository.strip())
            repo = find_repository(conn, named) if named else None
            repo_id = repo.id if repo else _NOBODY
        filters = Filters(act or None, actor_id, repo_id, since=_day(since))
        page = reading.list_entries(conn, filters, Part(_ON_A_PAGE, after))
    asked = {"act": act, "who": who, "repository": repository, "since": since}
    following = {**asked, "after": page.next_cursor or ""}
    return visitor.show(
        "administration/log.html",
        entries=in_words(page.items),
        acts=acts(),
        asked=asked,
        address_days=hub.log_rules.address_days,
        next=page.next_cursor and "?" + urlencode({k: v for k, v in following.items() if v}),
    )


@router.get(START + "/log.jsonl")
def exported(hub: HubDep, visitor: VisitorDep, since: _Word = "") -> Response:
    """All of it, as ``paddock admin log verify`` reads it."""
    require_administrator(visitor)
    headers = {
        "Content-Disposition": 'attachment; filename="audit-log.jsonl"',
        "Cache-Control": "no-store",
    }
    lines = exporting.export(hub.database, _day(since))
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


def _named(text: str) -> RepositoryName | None:
    """``name/space``, or the same behind ``datasets/`` and the like; None for anything else."""
    parts = text.split("/")
    kinds = {f"{kind}s": kind for kind in Kind}
    kind = kinds.get(parts[0]) if len(parts) == 3 else Kind.MODEL if len(parts) == 2 else None
    return RepositoryName(kind, *parts[-2:]) if kind and text.isascii() else None


def _day(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
    except ValueError as e:
        raise BadInput(f"{shown(text)} is not a date", hint="write it as 2026-12-31") from e
