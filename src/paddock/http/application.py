"""An application of routes, before its errors are told in a shape and the frame is around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from paddock import __version__


def new_app(
    title: str, *, schema_url: str, routers: Iterable[APIRouter], exposed_headers: Sequence[str]
) -> FastAPI:
    """These routes, matched in order; ``exposed_headers`` are what a page elsewhere may read.

    Such a page may ask with a token of its own; no browser sends cookies along for it.
    """
    app = FastAPI(
        title=title,
        version=__version__,
        openapi_url=schema_url,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in routers:
        app.include_router(router)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=exposed_headers,
    )
    return app
