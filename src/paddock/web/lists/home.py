"""The first page: what is here, what is new, and what to do where nothing is."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from paddock.hub.catalogue.facets import choices_of
from paddock.hub.catalogue.filters import Wanted
from paddock.hub.catalogue.listing import Listing, list_repositories
from paddock.hub.context import HubDep
from paddock.hub.types import Caller, Kind, Repository
from paddock.web.browser import VisitorDep
from paddock.web.lists.rows import Row, row_of
from paddock.web.page_routes import page_router

router = page_router()

ON_A_SHELF = 6


class Shelf(NamedTuple):
    """Some repositories and where the rest is."""

    title: str
    rows: list[Row]
    href: str


@router.get("/")
def home(request: Request, hub: HubDep, visitor: VisitorDep) -> Response:
    """Trending and new repositories that the visitor may see."""
    with hub.database.read() as conn:
        shelves = [
            *_shelves(conn, visitor.caller, Kind.MODEL),
            *_shelves(conn, visitor.caller, Kind.DATASET),
            *_shelves(conn, visitor.caller, Kind.SPACE)[:1],
        ]
    totals = {kind: choices_of(hub.database, kind).total for kind in (Kind.MODEL, Kind.DATASET)}
    return visitor.show(
        "lists/home.html",
        shelves=shelves,
        models=totals[Kind.MODEL],
        datasets=totals[Kind.DATASET],
        endpoint=hub.base_url(request),
    )


def _shelves(conn: sa.Connection, caller: Caller, kind: Kind) -> list[Shelf]:
    """What is trending, where anything is, and what is new beside it."""
    trending = [repo for repo in _some(conn, caller, kind, "trendingScore") if repo.trending]
    seen = {repo.id for repo in trending}
    new = [repo for repo in _some(conn, caller, kind, "lastModified") if repo.id not in seen]
    found = []
    if trending:
        found.append(_shelf(f"Trending {kind}s", trending, f"/{kind}s"))
    if new:
        found.append(_shelf(f"New and changed {kind}s", new, f"/{kind}s?sort=lastModified"))
    return found


def _some(conn: sa.Connection, caller: Caller, kind: Kind, sort: str) -> list[Repository]:
    return list_repositories(conn, caller, Listing(Wanted(kind), sort, limit=ON_A_SHELF)).items


def _shelf(title: str, repositories: list[Repository], href: str) -> Shelf:
    return Shelf(title, [row_of(repo) for repo in repositories], href)
