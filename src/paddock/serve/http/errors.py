"""Failures as OpenAI's clients know them: ``{"error": {message, type, param, code}}``.

An error of ours may bring ``param`` (the place in the request that is wrong) and
``retry_after_seconds``; what is none of ours is told by ``paddock.http.failures``.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from paddock.errors import PaddockError
from paddock.http.failures import Failure, handler, handlers
from paddock.log import get_logger
from paddock.serve import metrics

log = get_logger("serve")

GIVEN_KEY = "paddock.given"  # in the scope: names of the parameters that the body has
RETRY_AFTER_SECONDS = 5
_PROMPTS = ("messages", "prompt", "input", "tokens")
_FORMS = ("response_format", "text", "structured_outputs", "guided_json", "guided_regex")
# What an error below the API is about, by its code: the first of these that the body has.
_ABOUT = {
    "bad_conversation": _PROMPTS,
    "bad_chat_template": _PROMPTS,
    "bad_grammar": (*_FORMS, "guided_choice", "tools"),
    "bad_tools": ("tools", "tool_choice"),
    "context_length_exceeded": _PROMPTS,
    "empty_prompt": _PROMPTS,
    "model_not_found": ("model",),
    "no_chat_template": _PROMPTS,
    "response_not_found": ("previous_response_id",),
    "text_not_read": _PROMPTS,
    "token_out_of_vocabulary": _PROMPTS,
}
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
}


def install(app: FastAPI) -> None:
    """Translate every exception that a handler may raise."""
    app.add_exception_handler(PaddockError, handler(PaddockError, _paddock_error))
    for error, answer in handlers(_shaped, nothing_at=_nothing_at).items():
        app.add_exception_handler(error, answer)


def error_body(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """The JSON of a failure, also for one that comes in the middle of a stream."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def body_of(error: PaddockError, given: Container[str] = ()) -> dict[str, Any]:
    """The same for an error of ours: its sentence, and the next step behind it.

    ``given`` are the names of the body's parameters.
    """
    message = f"{error.message} ({error.hint})" if error.hint else error.message
    param = getattr(error, "param", None) or _about(error, given)
    return error_body(error.status, message, code=error.code, param=param)


def _about(error: PaddockError, given: Container[str]) -> str | None:
    """The parameter at fault; our sentences begin with its name where there is but one."""
    if error.status >= 500:
        return None
    names = (error.message.partition(" ")[0], *_ABOUT.get(error.code, ()))
    return next((name for name in names if name in given), None)


async def _paddock_error(request: Request, error: PaddockError) -> Response:
    """What was refused for want of right or room is counted."""
    if error.status >= 500:
        log.warning("a request was refused", code=error.code)
    if error.status in {401, 403, 404, 429, 503}:
        metrics.refused.labels(error.code).inc()
    headers = {}
    after = getattr(error, "retry_after_seconds", None)
    if after is not None or error.status == 503:
        headers["Retry-After"] = str(after if after is not None else RETRY_AFTER_SECONDS)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="paddock"'
    body = body_of(error, request.scope.get(GIVEN_KEY, ()))
    return JSONResponse(body, error.status, headers)


def _shaped(failure: Failure) -> Response:
    status, sentence, code, param, headers = failure
    if status == 405 and headers:
        sentence, code = f"only {headers['Allow']} is answered here", "method_not_allowed"
    return JSONResponse(error_body(status, sentence, code=code, param=param), status, headers)


def _nothing_at(request: Request) -> str:
    return f"there is nothing at {request.method} {request.scope['path'][:200]!r}"
