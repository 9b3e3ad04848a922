"""The application: every room's routes, errors and the frame around them, put together once.

Knows which routers there are, and nothing of what they do.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from paddock import __version__
from paddock.hub import api
from paddock.hub.context import Hub
from paddock.web import (
    consent,
    device,
    discussion_pages,
    errors,
    file_page,
    gate_pages,
    health,
    pages,
    signing_in,
)
from paddock.web.frame import Frame
from paddock.web.limits import RateLimits
from paddock.web.sendfile import ZeroCopySend
from paddock.web.serving.mount import BesideHub, Models

# What a browser's script may read of an answer (hub-protocol: headers that carry facts).
_EXPOSED_HEADERS = [
    "X-Repo-Commit",
    "X-Request-Id",
    "X-Error-Code",
    "X-Error-Message",
    "X-Total-Count",
    "ETag",
    "Link",
    "Accept-Ranges",
    "Content-Range",
    "X-Linked-Size",
    "X-Linked-ETag",
    "X-Xet-Hash",
    "RateLimit",
    "RateLimit-Policy",
]


def create_app(hub: Hub, models: Models | None = None) -> ASGIApp:
    """The whole server as one ASGI application over the given storage; ``models`` is ``/v1``."""
    app = FastAPI(
        title="paddock",
        version=__version__,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.hub, app.state.serving = hub, models.serving if models else None
    errors.install(app)
    for router in _routers():
        app.include_router(router)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_EXPOSED_HEADERS,
    )
    framed = Frame(RateLimits(app, hub.limits))
    return ZeroCopySend(BesideHub(framed, models.app) if models else framed)


def _routers() -> list[APIRouter]:
    """In the order of matching: what has a fixed first segment before ``/{namespace}/{name}``."""
    people = [signing_in.router, consent.router, device.router]
    of_repositories = [
        discussion_pages.router,
        gate_pages.router,
        file_page.router,
        pages.router,
    ]
    return [health.router, *api.routers(), *people, *of_repositories]
