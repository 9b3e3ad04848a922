"""Lists as answers of several pages: what part was asked for, and the way to the next one."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request, Response

from paddock.hub.context import Hub
from paddock.hub.http import queries
from paddock.hub.paging import Page, Part

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000

T = TypeVar("T")


def asked_part(request: Request, *, default: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> Part:
    """The ``limit`` and ``cursor`` of a request; raises BadInput."""
    limit = queries.count(request, "limit", default=default, most=most)
    return Part(limit, request.query_params.get("cursor"))


def paged(request: Request, response: Response, hub: Hub, page: Page[T]) -> list[T]:
    """The page's items, with the address of the next page in the answer's head."""
    if page.next_cursor is not None:
        response.headers["Link"] = queries.link_to_next(request, hub, page.next_cursor)
    return page.items
