"""An application of routes, before its errors are told in a shape and the frame is around it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from paddock import __version__
from paddock.http.switchboard import Switchboard


def new_app(
    title: str, *, schema_url: str, routers: Sequence[APIRouter], exposed_headers: Sequence[str]
) -> FastAPI:
    """These routes, matched in order; ``exposed_headers`` are what a page elsewhere may read.

    Such a page may ask with a token of its own; no browser sends cookies along for it.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    _include(app, [_schema_of(title, schema_url, routers), *routers])
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=exposed_headers,
    )
    return app


def _include(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Routes that stand by themselves are found at once; routers inside routers are asked."""
    for is_flat, group in groupby(routers, _is_flat):
        if is_flat:
            routes = [route for router in group for route in router.routes]
            app.router.routes.append(Switchboard([r for r in routes if isinstance(r, APIRoute)]))
            continue
        for router in group:
            app.include_router(router)


def _is_flat(router: APIRouter) -> bool:
    return all(isinstance(route, APIRoute) for route in router.routes)


def _schema_of(title: str, schema_url: str, routers: Sequence[APIRouter]) -> APIRouter:
    """What tells programs the routes, worked out when it is first asked for."""

    @cache
    def schema() -> dict[str, Any]:
        routes = [route for router in routers for route in router.routes]
        return get_openapi(title=title, version=__version__, routes=routes)

    own = APIRouter(include_in_schema=False)
    own.get(schema_url, response_class=JSONResponse)(lambda: JSONResponse(schema()))
    return own
