"""The pages of discussions and pull requests: the list, and one with everything that happened.

Readable without a script. Comments are HTML that was sanitised when they were written
(``paddock.markdown``), under a policy that allows no script; everything else is text.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import sqlalchemy as sa
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from paddock.errors import PaddockError
from paddock.hub.access import open_repository, require_content
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.discussions import events, pull_requests, threads
from paddock.hub.discussions.rendering import HIDDEN_TEXT
from paddock.hub.discussions.rules import DiscussionNotFound, parse_number
from paddock.hub.discussions.threads import PAGE_DISCUSSIONS, Wanted
from paddock.hub.discussions.values import Discussion, Event, EventType
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Account, Caller, Need, Repository
from paddock.web.rendering import page

router = APIRouter(include_in_schema=False)

PAGE_EVENTS = 100
_MAX_PAGES = 1_000_000
_MAX_DIFF_CHARS = 200_000
_STATUSES = frozenset({"open", "closed", "all"})

PageNumber = Annotated[int, Query(ge=0, le=_MAX_PAGES)]


class _Shown(NamedTuple):
    """An event as the page tells it: a comment's HTML, or one sentence."""

    id: str
    author: str
    when: str
    html: Markup | None
    sentence: str
    is_edited: bool


@router.get(WEB_REPOSITORY + "/discussions")
def discussions(
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    status: str = "open",
    p: PageNumber = 0,
) -> HTMLResponse:
    """A repository's discussions, newest first."""
    shown_status = status if status in _STATUSES else "open"
    wanted = Wanted(status=shown_status, start=p * PAGE_DISCUSSIONS)
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        found = threads.list_discussions(conn, repo, wanted)
    return page(
        "discussions.html",
        repo=repo,
        status=shown_status,
        discussions=[(one, _name(one.author)) for one in found.discussions],
        count=found.total,
        p=p,
        has_more=(p + 1) * PAGE_DISCUSSIONS < found.total,
    )


@router.get(WEB_REPOSITORY + "/discussions/{num:segment}")
def discussion(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, num: str, p: PageNumber = 0
) -> HTMLResponse:
    """One discussion, from its opening on; a pull request with its diff."""
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        found = threads.get_discussion(conn, repo, parse_number(num))
        happened = events.list_events(conn, found)
        diff = _diff(hub, conn, caller, repo, found)
    start = p * PAGE_EVENTS
    if start and start >= len(happened):
        raise DiscussionNotFound(f"discussion {found.num} has no page {p}")
    return page(
        "discussion.html",
        repo=repo,
        discussion=found,
        author=_name(found.author),
        events=[_shown(event) for event in happened[start : start + PAGE_EVENTS]],
        diff=diff,
        p=p,
        has_more=start + PAGE_EVENTS < len(happened),
    )


def _diff(
    hub: Hub, conn: sa.Connection, caller: Caller, repo: Repository, found: Discussion
) -> str | None:
    """A pull request's diff, for those who may read the files."""
    compared = pull_requests.compare(conn, repo, found)
    if compared is None:
        return None
    try:
        require_content(conn, caller, repo)
        text = pull_requests.diff(Asking(hub, conn, caller, repo), compared)
    except PaddockError:
        return None
    cut = len(text) > _MAX_DIFF_CHARS
    return text[:_MAX_DIFF_CHARS] + ("\n… (the API has all of it)" if cut else "")


def _shown(event: Event) -> _Shown:
    html = None
    if event.comment is not None and not event.comment.is_hidden:
        html = Markup(event.comment.latest.html)  # noqa: S704  (sanitised: see the module)
    return _Shown(
        event.public_id,
        _name(event.author),
        event.created_at.strftime("%Y-%m-%d %H:%M UTC"),
        html,
        _sentence(event),
        event.comment is not None and bool(event.comment.history),
    )


def _sentence(event: Event) -> str:
    facts: Any = event.facts
    match event.type:
        case EventType.STATUS:
            return f"changed the status to {facts['status']}"
        case EventType.TITLE:
            return f"changed the title from “{facts['from']}” to “{facts['to']}”"
        case EventType.PINNING:
            return "pinned this discussion" if facts["pinned"] else "unpinned this discussion"
        case EventType.COMMIT:
            return f"committed {facts['oid'][:12]}: {facts['subject']}"
    return HIDDEN_TEXT


def _name(account: Account | None) -> str:
    return account.name if account is not None else "deleted"
