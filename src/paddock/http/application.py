"""An application of routes, before its errors are told in a shape and the frame is around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from paddock import __version__
from paddock.http.switchboard import Switchboard


def new_app(
    title: str, *, schema_url: str, routers: Iterable[APIRouter], exposed_headers: Sequence[str]
) -> FastAPI:
    """These routes, matched in order; ``exposed_headers`` are what a page elsewhere may read.

    Such a page may ask with a token of its own; no browser sends cookies along for it.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    routes = _routes_of(routers)
    app.router.routes.append(Switchboard([_schema_route(title, schema_url, routes), *routes]))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=exposed_headers,
    )
    return app


def _routes_of(routers: Iterable[APIRouter]) -> list[APIRoute]:
    """All of them; a router inside a router is none, and every other request would ask it."""
    found = []
    for route in (route for router in routers for route in router.routes):
        assert isinstance(route, APIRoute), route  # noqa: S101
        found.append(route)
    return found


def _schema_route(title: str, schema_url: str, routes: Sequence[APIRoute]) -> APIRoute:
    """What tells programs the routes, worked out when it is first asked for."""

    @cache
    def schema() -> dict[str, Any]:
        return get_openapi(title=title, version=__version__, routes=routes)

    return APIRoute(schema_url, lambda: JSONResponse(schema()), include_in_schema=False)
