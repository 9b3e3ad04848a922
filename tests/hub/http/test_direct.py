"""Routes that call their handlers directly answer as FastAPI's own do."""

from __future__ import annotations

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from paddock.hub import api
from paddock.hub.api import catalogue, information, resolve
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http.direct import DirectRoute, _sources
from paddock.hub.http.paths import RepositoryNameDep, RevisionInPath


def test_the_busiest_handlers_need_no_dependencies() -> None:
    assert api  # which registers the convertors
    busy = [
        resolve.resolve, resolve.raw, information.repository_info, information.revision_info,
        catalogue.list_repositories,
    ]  # fmt: skip
    found = {
        route.endpoint: route
        for module in (resolve, information, catalogue)
        for route in module.router.routes
        if isinstance(route, APIRoute)
    }
    for endpoint in busy:
        route = found[endpoint]
        assert isinstance(route, DirectRoute)
        assert _sources(endpoint, set(route.param_convertors)) is not None


def test_a_handler_that_needs_more_is_left_to_fastapi() -> None:
    def of_query(request: Request, hub: HubDep, limit: int = 3) -> Response:
        raise NotImplementedError

    def of_dict(request: Request) -> dict[str, int]:
        raise NotImplementedError

    async def streaming(request: Request) -> Response:
        raise NotImplementedError

    def simple(
        request: Request,
        hub: HubDep,
        caller: CallerDep,
        name: RepositoryNameDep,
        rev: RevisionInPath,
        path: str = "",
    ) -> Response:
        raise NotImplementedError

    assert _sources(of_query, set()) is None
    assert _sources(of_dict, set()) is None
    assert _sources(streaming, set()) is None
    assert _sources(simple, {"rev"}) is not None
    assert _sources(simple, set()) is None
