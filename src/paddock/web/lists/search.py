"""Everything for some words: models, datasets, spaces, people, collections."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Query
from fastapi.responses import Response

from paddock.hub.catalogue import finding
from paddock.hub.context import HubDep
from paddock.hub.types import Kind
from paddock.web.browser import VisitorDep
from paddock.web.lists.asked import TEXT, quoted
from paddock.web.lists.rows import Row, row_of
from paddock.web.page_routes import page_router

router = page_router()

ON_A_SECTION = 10


class Section(NamedTuple):
    """What was found of a kind, and where all of it is."""

    title: str
    rows: list[Row]
    more: str  # "" where everything is here


@router.get("/search")
def search(hub: HubDep, visitor: VisitorDep, q: Annotated[str, Query()] = "") -> Response:
    """The page of what was found; without words, the field alone."""
    typed = q.strip()[: finding.MAX_TYPED_CHARS]
    with hub.database.read() as conn:
        found = {
            kind: finding.find_repositories(conn, visitor.caller, kind, typed, ON_A_SECTION)
            for kind in (Kind.MODEL, Kind.DATASET, Kind.SPACE)
        }
        people = finding.find_accounts(conn, typed, ON_A_SECTION)
        collections = finding.find_collections(conn, visitor.caller, typed, ON_A_SECTION)
    sections = [
        Section(
            f"{kind.capitalize()}s",
            [row_of(repo) for repo in one.repositories],
            f"/{kind}s?{TEXT}={quoted(typed)}" if one.has_more else "",
        )
        for kind, one in found.items()
        if one.repositories
    ]
    return visitor.show(
        "lists/search.html", q=typed, sections=sections, people=people, collections=collections
    )
