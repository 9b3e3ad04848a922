"""Lists of repositories, over HTTP: what clients may ask for, and pages (hub protocol 4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock.errors import BadInput
from paddock.hub.catalogue import info, listing, views
from paddock.hub.catalogue.cursors import DEFAULT_SORT, check_sort
from paddock.hub.catalogue.filters import Wanted, needs_of_app, parse_parameters
from paddock.hub.catalogue.links import ANYTHING, uses_term
from paddock.hub.catalogue.listing import Listing
from paddock.hub.catalogue.views import Question
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import queries
from paddock.hub.http.answers import json_answer
from paddock.hub.http.direct import DirectRoute
from paddock.hub.http.paths import KindInPath
from paddock.hub.types import Kind

router = APIRouter(route_class=DirectRoute)

_PAGE_WITH_FILES = 100  # a page that reads more than a row of every repository on it


@router.get("/api/{kind:kind}")
def list_repositories(
    request: Request, hub: HubDep, caller: CallerDep, kind: KindInPath
) -> Response:
    """One page of the repositories of a kind that the caller may see."""
    fields = _fields_of_list(request, kind)
    asked = _listing(request, kind, fields)
    question = Question(caller, fields)
    with hub.database.read() as conn:
        page = listing.list_repositories(conn, caller, asked)
        drafts = [views.load(hub, conn, repo, repo.head_oid, question) for repo in page.items]
    headers = {}
    if page.next_cursor is not None:
        headers["Link"] = queries.link_to_next(request, hub, page.next_cursor)
    return json_answer([info.render(draft.finished(), fields) for draft in drafts], headers)


def _fields_of_list(request: Request, kind: Kind) -> list[str]:
    expand = queries.many(request, "expand")
    if expand:
        return info.check_fields(kind, expand)
    fields = info.listed_fields(kind)
    if queries.flag(request, "full"):
        fields.append("siblings")
    if queries.flag(request, "cardData") or (kind is not Kind.MODEL and "siblings" in fields):
        fields.append("cardData")
    if queries.flag(request, "config") and kind is Kind.MODEL:
        fields.append("config")
    return fields


def _listing(request: Request, kind: Kind, fields: Sequence[str]) -> Listing:
    query = request.query_params
    most = _PAGE_WITH_FILES if info.needs_more_rows(fields) else listing.MAX_PAGE
    return Listing(
        wanted=_wanted(request, kind),
        sort=check_sort(query.get("sort") or DEFAULT_SORT),
        descending=_is_descending(request),
        limit=queries.count(request, "limit", default=most, most=most),
        cursor=query.get("cursor"),
        with_card=info.needs_card(fields),
    )


def _wanted(request: Request, kind: Kind) -> Wanted:
    terms = queries.many(request, "filter")
    parameters = None
    if kind is Kind.MODEL:
        terms += queries.many(request, "pipeline_tag")
        terms += [term for app in queries.many(request, "apps") for term in needs_of_app(app)]
        asked = request.query_params.get("num_parameters")
        parameters = parse_parameters(asked) if asked else None
    if kind is Kind.SPACE:
        terms += [uses_term(used) for used in _used(request)]
    return Wanted(
        kind=kind,
        search=tuple(queries.many(request, "search", commas=False)),
        author=request.query_params.get("author"),
        terms=tuple(dict.fromkeys(terms)),
        gated=queries.flag(request, "gated"),
        parameters=parameters,
        served=any(queries.many(request, name) for name in ("inference", "inference_provider")),
    )


def _used(request: Request) -> Iterator[str]:
    """What a space must make use of: repositories by kind and name, or anything at all."""
    for name in ("models", "datasets"):
        yield from (f"{name[:-1]}:{used}" for used in queries.many(request, name))
    if queries.flag(request, "linked"):
        yield ANYTHING


def _is_descending(request: Request) -> bool:
    direction = request.query_params.get("direction", "-1")
    if direction not in {"-1", "1"}:
        raise BadInput('direction must be "-1" (descending) or "1"')
    return direction == "-1"
