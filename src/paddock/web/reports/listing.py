"""A repository's reports: those that the visitor may see, filtered, in pages, with what is late."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response

from paddock import clock
from paddock.hub.context import HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.paging import MAX_CURSOR_CHARS, Part
from paddock.hub.reports import fixes, rows
from paddock.hub.reports.rows import Wanted
from paddock.hub.reports.states import State
from paddock.hub.reports.values import Category
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.reports.filing import REPORTS, TAB
from paddock.web.repository.shell import open_shell

router = page_router()

PAGE_REPORTS: Final = 50
_ONLY: Final = ("late", "mine", "known")  # in the order of what is wanted
_STATES: Final = ("open", "over", "all", *State)

Word = Annotated[str, Query(max_length=20)]


class Filters(NamedTuple):
    """What is asked for, as the page's own address says it."""

    state: str = "open"
    category: str = "all"
    only: str = ""  # "late" | "mine" | "known"

    def address(self, **changes: str) -> str:
        """The same list with something else."""
        asked = {**self._asdict(), **changes}
        usual = Filters()._asdict()
        return "?" + urlencode({k: v for k, v in asked.items() if v != usual.get(k, "")})


@router.get(REPORTS)
def show_list(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    state: Word = "open",
    category: Word = "all",
    only: Word = "",
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR_CHARS)] = None,
) -> Response:
    """A repository's reports, what changed last first; a filter that is none is as left out."""
    filters = Filters(
        state if state in _STATES else "open",
        category if category in set(Category) else "all",
        only if only in _ONLY else "",
    )
    wanted = Wanted(filters.state, filters.category, *(filters.only == one for one in _ONLY))
    now = clock.now()
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, TAB)
        caller, repo = visitor.caller, shell.repo
        page = rows.list_reports(conn, caller, repo, wanted, Part(PAGE_REPORTS, cursor), now)
        waiting, over, overdue = rows.counts(conn, caller, repo, now)
        fixed = fixes.fixes(conn, caller, repo)
    following = filters.address(cursor=page.next_cursor) if page.next_cursor else None
    return visitor.show(
        "reports/list.html",
        shell=shell,
        filters=filters,
        reports=page.items,
        counts={"open": waiting, "over": over, "all": waiting + over},
        overdue=overdue,
        states=list(State),
        categories=list(Category),
        fixed=fixed,
        now=now,
        following=following,
        is_further=cursor is not None,
    )
