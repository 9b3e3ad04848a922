"""The list of a repository's discussions and pull requests: filtered, pinned ones first, in pages.

A filter that is none is as if it were left out: a person who follows a mangled link still sees a
list.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.discussions import threads
from paddock.hub.discussions.threads import PAGE_DISCUSSIONS, Wanted
from paddock.hub.http.paths import RepositoryNameDep
from paddock.web.browser import VisitorDep
from paddock.web.discussions.comment_form import LIST
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

MAX_PAGES = 1_000_000
_MAX_SEARCH_CHARS = 200
_MAX_AUTHOR_CHARS = 100
SORTS = {
    "recently-created": "Newest",
    "recently-updated": "Last active",
    "reactions": "Most comments",
}
TYPES = {"all": "Both", "discussion": "Discussions", "pull_request": "Pull requests"}
STATUSES = ("open", "closed", "all")

PageNumber = Annotated[int, Query(ge=0, le=MAX_PAGES)]


class Filters(NamedTuple):
    """What is asked for, as the page's own address says it."""

    status: str
    type: str
    author: str
    q: str
    sort: str

    def address(self, **changes: str | int) -> str:
        """The same list with something else; what is as usual is left out."""
        asked = {**self._asdict(), **changes}
        usual = {**_USUAL._asdict(), "p": 0}
        return "?" + urlencode({k: v for k, v in asked.items() if v != usual[k]})

    def wanted(self, p: int) -> Wanted:
        """The same, for the rows."""
        return Wanted(
            type=self.type,
            status=self.status,
            author=self.author or None,
            search=self.q or None,
            sort=self.sort,
            start=p * PAGE_DISCUSSIONS,
            pinned_first=True,
        )


_USUAL = Filters("open", "all", "", "", "recently-created")


@router.get(LIST)
def show_list(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    status: str = "",
    type: str = "",
    author: str = "",
    q: str = "",
    sort: str = "",
    p: PageNumber = 0,
) -> Response:
    """A repository's discussions."""
    filters = Filters(
        status if status in STATUSES else _USUAL.status,
        type if type in TYPES else _USUAL.type,
        _plain(author, _MAX_AUTHOR_CHARS),
        _plain(q, _MAX_SEARCH_CHARS),
        sort if sort in SORTS else _USUAL.sort,
    )
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "discussions")
        found = threads.list_discussions(conn, shell.repo, filters.wanted(p))
        states = threads.count_states(conn, shell.repo, filters.wanted(0))
    has_more = (p + 1) * PAGE_DISCUSSIONS < found.total
    return visitor.show(
        "discussions/list.html",
        shell=shell,
        filters=filters,
        is_filtered=filters._replace(status=_USUAL.status) != _USUAL,
        discussions=found.discussions,
        counts={"open": states.open, "closed": states.closed, "all": sum(states)},
        sorts=SORTS,
        types=TYPES,
        newer=filters.address(p=p - 1) if p else None,
        older=filters.address(p=p + 1) if has_more else None,
    )


def _plain(text: str, most: int) -> str:
    return text.replace("\0", "").strip()[:most]
