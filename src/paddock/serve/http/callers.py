"""Who sent a request, and the models, as FastAPI hands them to a handler."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from paddock.http.frame import HEADERS_KEY
from paddock.serve.callers import Arrival, Caller, Gate
from paddock.serve.limiter import Left, Limiter
from paddock.serve.serving import Serving


async def get_serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving


async def get_caller(request: Request) -> Caller:
    """Who asks, and one request more of theirs; raises Unauthorized or TooManyRequests."""
    gate: Gate = request.app.state.gate
    limiter: Limiter = request.app.state.limiter
    address = request.client.host if request.client else ""
    base_url = str(request.base_url).rstrip("/")
    caller = await gate.caller(Arrival(request.headers, address, base_url))
    request.scope[HEADERS_KEY] = _headers(limiter.left(caller))
    limiter.count_request(caller)
    request.scope[HEADERS_KEY] = _headers(limiter.left(caller))
    return caller


LEFT_HEADERS = [
    f"x-ratelimit-{part}-{what}"
    for part in ("limit", "remaining", "reset")
    for what in ("requests", "tokens")
]
ServingDep = Annotated[Serving, Depends(get_serving)]
CallerDep = Annotated[Caller, Depends(get_caller)]


def _headers(left: dict[str, Left]) -> dict[str, str]:
    """As OpenAI's: what the limit is, what is left of it, and when it is whole again."""
    headers = {}
    for what, each in left.items():
        headers[f"x-ratelimit-limit-{what}"] = str(each.limit)
        headers[f"x-ratelimit-remaining-{what}"] = str(each.remaining)
        headers[f"x-ratelimit-reset-{what}"] = f"{each.reset_seconds:.3f}s"
    return headers
