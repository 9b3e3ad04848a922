"""The application: every room's routes, errors and the frame around them, put together once.

Knows which routers there are, and nothing of what they do.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.types import ASGIApp

from paddock.http.application import new_app
from paddock.http.frame import Figures, Frame, Framing
from paddock.hub import api
from paddock.hub.context import Hub
from paddock.web import (
    errors,
    health,
    static_files,
)
from paddock.web.access import routes as access
from paddock.web.account import routes as account
from paddock.web.acting import Acting
from paddock.web.administration import routes as administration
from paddock.web.collections import routes as collections
from paddock.web.discussions import routes as discussions
from paddock.web.files import routes as files
from paddock.web.limits import RateLimits
from paddock.web.lists import routes as lists
from paddock.web.organisations import routes as organisations
from paddock.web.playground import routes as playground
from paddock.web.raw_path import RawPath
from paddock.web.reports import routes as reports
from paddock.web.repository import routes as repository
from paddock.web.sendfile import ZeroCopySend
from paddock.web.serving.mount import BesideHub, Models
from paddock.web.settings import routes as settings
from paddock.web.social import routes as social
from paddock.web.viewer import routes as viewer
from paddock.web.webhooks import routes as webhooks

# A handler that takes more says so (``hub.context.accept_body``). JSON is parsed without a pause,
# and a few bytes of it can become an object of sixty: the worst of this size takes half a second.
DEFAULT_BODY_BYTES = 4 * 1024 * 1024
_FIGURES = Figures("paddock_http")
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
    app = new_app(
        "paddock",
        schema_url="/openapi.json",
        routers=_routers(),
        exposed_headers=_EXPOSED_HEADERS,
    )
    app.state.hub, app.state.serving = hub, models.serving if models else None
    app.state.models = models
    errors.install(app)
    framing = Framing("web", _FIGURES, DEFAULT_BODY_BYTES)
    framed = Frame(Acting(RawPath(RateLimits(app, hub.limits))), framing)
    return ZeroCopySend(BesideHub(framed, models.app) if models else framed)


def _routers() -> list[APIRouter]:
    """In the order of matching: what has a fixed first segment before ``/{namespace}/{name}``."""
    people = [
        *administration.FIRST,
        *account.ROUTERS,
        *webhooks.ROUTERS,
        *organisations.ROUTERS,
        *settings.FIRST,
        *social.ROUTERS,
        *reports.OWN,
        *collections.ROUTERS,
    ]
    of_repositories = [
        *discussions.ROUTERS,
        *reports.ROUTERS,
        *access.ROUTERS,
        *administration.ROUTERS,
        *settings.ROUTERS,
        *files.ROUTERS,
        *viewer.ROUTERS,
        *playground.ROUTERS,
        *repository.ROUTERS,
    ]
    # Lists are asked for most, and their addresses begin like no others: before the API's routes.
    first = [health.router, static_files.router, *lists.ROUTERS, *reports.FIRST]
    return [*first, *api.routers(), *people, *of_repositories, *lists.LAST]
