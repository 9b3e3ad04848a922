"""A failure as a page, for a person who followed a link; programs get the JSON that they parse.

The page says what the JSON says, under the same status and headers.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from paddock.errors import PaddockError
from paddock.http.failures import Handler
from paddock.hub.context import authenticate
from paddock.web.browser import get_visitor, path_of
from paddock.web.rendering import page

_FOR_PROGRAMS = ("/api/", "/xet/", "/v1/", "/metrics", "/readyz", "/healthz", "/openapi.json")
_NAMES = {401: "Not found, or not public"}  # which of both, a stranger is not told
_OF_JSON = {"content-type", "content-length"}


def with_page(handler: Handler) -> Handler:
    """The handler, whose answer becomes a page where a browser asked for one."""

    async def answer(request: Request, error: Exception) -> Response:
        response = await handler(request, error)
        if not isinstance(response, JSONResponse) or not _wants_page(request):
            return response
        told = json.loads(bytes(response.body))
        kept = {k: v for k, v in response.headers.items() if k not in _OF_JSON}
        values = {
            "status": response.status_code,
            "name": _NAMES.get(response.status_code) or HTTPStatus(response.status_code).phrase,
            "message": told.get("error_description", told["error"]),
            "hint": told.get("hint"),
        }
        shown = await run_in_threadpool(_show, request, response.status_code, values)
        shown.headers.update(kept)
        return shown

    return answer


def _show(request: Request, status_code: int, values: dict[str, Any]) -> Response:
    """The page, with the name of whoever is signed in, if that can be found out."""
    hub = request.app.state.hub
    try:
        visitor = get_visitor(request, hub, authenticate(request, hub))
    except (PaddockError, SQLAlchemyError):
        return page("error.html", status_code, here=path_of(request), **values)
    return visitor.show("error.html", status_code, **values)


def _wants_page(request: Request) -> bool:
    """Browsers name HTML where a person goes or sends a form; no client of the Hub does."""
    path = request.scope["path"]
    return (
        request.method in {"GET", "HEAD", "POST"}
        and "text/html" in request.headers.get("accept", "")
        and not path.startswith(_FOR_PROGRAMS)
        and ".git/" not in path
    )
