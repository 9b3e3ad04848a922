"""Failures as HTTP answers, in the form that the stock client understands.

The body is JSON ``{"error": sentence}``; the client decides on the headers: ``X-Error-Code`` names
the kind of failure, ``X-Error-Message`` repeats the sentence (the only source on HEAD). The next
step is in ``hint``, and in ``errors``, whose messages the client shows below the sentence. What is
no error of ours is told by ``paddock.http.failures``.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from paddock.errors import PaddockError
from paddock.http.failures import Failure, Handler, handler, handlers
from paddock.hub import redirects
from paddock.hub.context import CALLER_KEY
from paddock.hub.errors import (
    RepositoryHidden,
    RepositoryMoved,
    RepositoryNotFound,
    RevisionNotFound,
)
from paddock.hub.names import RepositoryName
from paddock.hub.types import ANONYMOUS, Kind
from paddock.log import get_logger
from paddock.web.error_page import with_page

log = get_logger("web")

RETRY_AFTER_SECONDS = 2
_MAX_HEADER_CHARS = 1000
_GIT_ROUTES = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def install(app: FastAPI) -> None:
    """Translate every exception that a handler may raise."""
    for error, answer in _HANDLERS.items():
        app.add_exception_handler(error, with_page(answer))


def error_response(
    status: int, message: str, *, hub_code: str | None = None, extra: dict[str, Any] | None = None
) -> JSONResponse:
    """A failure with the headers that clients read."""
    one_line = " ".join(message[:_MAX_HEADER_CHARS].split()).encode("ascii", "replace").decode()
    headers = {"X-Error-Message": "".join(c if c.isprintable() else "?" for c in one_line)}
    if hub_code:
        headers["X-Error-Code"] = hub_code
    return JSONResponse({"error": message, **(extra or {})}, status, headers)


async def _paddock_error(request: Request, error: PaddockError) -> Response:
    message = error.message
    if ask_at := getattr(error, "ask_at", None):
        # The end of the Hub's sentence, which clients show and match.
        page = f"{request.app.state.hub.base_url(request)}{ask_at}"
        message += f" Visit {page} to {getattr(error, 'ask_to', 'ask for access')}."
    extra: dict[str, Any] = {}
    if error.hint:
        extra = {"hint": error.hint, "errors": [{"message": error.hint}]}
    if oauth_code := getattr(error, "oauth_code", None):
        extra |= {"error": oauth_code, "error_description": message}  # what OAuth clients read
    for name in ("url", "slug"):  # where what exists already is: clients read it for exist_ok
        if value := getattr(error, name, None):
            extra[name] = value
    if "/info/lfs" in request.scope["path"]:
        extra["message"] = message  # git-lfs reads this key
    hub_code = getattr(error, "hub_code", None)
    response: Response = error_response(error.status, message, hub_code=hub_code, extra=extra)
    if commit_oid := getattr(error, "commit_oid", None):
        response.headers["X-Repo-Commit"] = commit_oid
    if error.status == 401:
        _ask_for_credentials(request, response)
    if error.status == 503:
        response.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    if request.scope["path"].endswith(_GIT_ROUTES):
        response = _in_plain_text(response, f"{message}\n{error.hint or ''}".strip())
    return response


def _in_plain_text(response: Response, text: str) -> Response:
    """The same failure for git, which shows plain text to a person and nothing else."""
    kept = {k: v for k, v in response.headers.items() if not k.startswith("content-")}
    return PlainTextResponse(f"{text}\n", response.status_code, kept)


def _is_git(path: str) -> bool:
    """Whether git or git-lfs asks: both know HTTP Basic."""
    return ".git/" in path or path.endswith(_GIT_ROUTES)


def _ask_for_credentials(request: Request, response: Response) -> None:
    """git and git-lfs send credentials only when they are asked for them."""
    path = request.scope["path"]
    if _is_git(path) or "/info/" in path:
        response.headers["WWW-Authenticate"] = 'Basic realm="paddock"'
        response.headers["LFS-Authenticate"] = 'Basic realm="paddock"'
    else:
        response.headers["WWW-Authenticate"] = 'Bearer realm="paddock"'


async def _moved(request: Request, error: RepositoryMoved) -> Response:
    """The same address under the repository's present name; 307 keeps method and body."""
    path = request.scope["path"]
    at = path.lower().find(f"/{error.old_full_name.lower()}") + 1
    if not at:  # the name was written with escapes; none of our clients does
        return error_response(404, error.message, hub_code="RepoNotFound")
    location = path[:at] + quote(error.new_full_name) + path[at + len(error.old_full_name) :]
    if request.url.query:
        location += "?" + request.url.query
    return RedirectResponse(location, status_code=307)


async def _not_here(request: Request, error: PaddockError) -> Response:
    """A download that is pinned to a commit finds it where its repository went, even if somebody
    took the old name since.
    """
    moved = await run_in_threadpool(_find_commit, request)
    return await (_paddock_error(request, error) if moved is None else _moved(request, moved))


def _find_commit(request: Request) -> RepositoryMoved | None:
    named = request.path_params
    rev = str(named.get("rev", ""))
    if not _COMMIT.fullmatch(rev) or not {"kind", "namespace", "name"} <= named.keys():
        return None
    name = RepositoryName(Kind(named["kind"]), str(named["namespace"]), str(named["name"]))
    caller = request.scope.get(CALLER_KEY, ANONYMOUS)
    with request.app.state.hub.database.read() as conn:
        return redirects.find_commit(conn, caller, name, rev)


def _nothing_at(_request: Request) -> str:
    return "Sorry, we can't find the page you are looking for."  # the Hub's sentence


def _shaped(failure: Failure) -> Response:
    response = error_response(failure.status, failure.sentence)
    response.headers.update(failure.headers or {})
    return response


async def _database_unavailable(request: Request, error: Exception) -> Response:
    """A lock that was not had in time, or a server that went away: the client may try again."""
    log.error("the database did not answer", path=request.scope["path"], error=str(error)[:500])
    response = error_response(503, "The database did not answer in time. Please try again.")
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


_unless_elsewhere = handler(PaddockError, _not_here)
_HANDLERS: dict[type[Exception], Handler] = {
    RepositoryMoved: handler(RepositoryMoved, _moved),
    RepositoryNotFound: _unless_elsewhere,
    RepositoryHidden: _unless_elsewhere,
    RevisionNotFound: _unless_elsewhere,
    PaddockError: handler(PaddockError, _paddock_error),
    OperationalError: _database_unavailable,
    **handlers(_shaped, nothing_at=_nothing_at),
}
