"""The application: the API's routes, errors and the frame around them, put together once."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from paddock import __version__
from paddock.serve import api
from paddock.serve.callers import Gate
from paddock.serve.http import errors, health
from paddock.serve.http.callers import LEFT_HEADERS
from paddock.serve.http.frame import Frame
from paddock.serve.limiter import Limiter
from paddock.serve.serving import Serving


def create_app(serving: Serving, gate: Gate, limiter: Limiter, *, alone: bool = True) -> ASGIApp:
    """``/v1`` over these models; not ``alone``, whoever has it inside has health and figures."""
    app = FastAPI(
        title="paddock serve",
        version=__version__,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.serving, app.state.gate, app.state.limiter = serving, gate, limiter
    errors.install(app)
    for router in [*api.routers(), *([health.router] if alone else [])]:
        app.include_router(router)
    # A page elsewhere may ask with a token of its own; no browser sends cookies along for it.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["X-Request-Id", "Retry-After", *LEFT_HEADERS],
    )
    return Frame(app)
