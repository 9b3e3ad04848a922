"""What goes wrong before a handler, or where nobody foresaw it, in the shape that clients know.

Says which status and which sentence; ``Shape`` makes an answer of them. A sentence never repeats a
value of the request, which may be anything, even secret; what nobody foresaw is answered without a
detail, and the frame logs it under the same id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeVar

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from paddock.http.frame import REQUEST_ID_KEY


class Failure(NamedTuple):
    """What is answered; ``param`` is the place in the request that is wrong."""

    status: int
    sentence: str
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] | None = None


Shape = Callable[[Failure], Response]
Handler = Callable[[Request, Exception], Awaitable[Response]]
_E = TypeVar("_E", bound=Exception)


def handler(kind: type[_E], answer: Callable[[Request, _E], Awaitable[Response]]) -> Handler:
    """``answer`` as the framework wants it, which gives every handler any exception."""

    async def handle(request: Request, error: Exception) -> Response:
        if not isinstance(error, kind):
            raise error
        return await answer(request, error)

    return handle


def handlers(
    shape: Shape, *, nothing_at: Callable[[Request], str]
) -> dict[type[Exception], Handler]:
    """By what is raised; ``nothing_at`` says that no route has the request's address."""

    async def bad_request(_request: Request, error: RequestValidationError) -> Response:
        return shape(_first_mistake(error))

    async def routing_error(request: Request, error: HTTPException) -> Response:
        sentence = nothing_at(request) if error.status_code == 404 else str(error.detail)
        return shape(Failure(error.status_code, sentence, headers=error.headers))

    async def client_gone(_request: Request, _error: Exception) -> Response:
        return Response(status_code=499)  # nobody reads it

    async def unforeseen(request: Request, _error: Exception) -> Response:
        request_id = request.scope[REQUEST_ID_KEY]
        sentence = f"something went wrong on our side (request {request_id})"
        return shape(Failure(500, sentence, "internal"))

    return {
        RequestValidationError: handler(RequestValidationError, bad_request),
        HTTPException: handler(HTTPException, routing_error),
        ClientDisconnect: client_gone,
        Exception: unforeseen,
    }


def _first_mistake(error: RequestValidationError) -> Failure:
    """By its place."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in {"body", "query"})
    sentence = f"{place or 'the request'}: {first['msg']}"
    return Failure(400, sentence, "bad_input", place or None)
