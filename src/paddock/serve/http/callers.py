"""Who sent a request, and the models, as FastAPI hands them to a handler."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from paddock.serve.callers import Caller, Gate
from paddock.serve.serving import Serving


async def get_serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving


async def get_caller(request: Request) -> Caller:
    """Raises Unauthorized without good credentials, where they are asked for."""
    gate: Gate = request.app.state.gate
    address = request.client.host if request.client else ""
    return await gate.caller(request.headers, address)


ServingDep = Annotated[Serving, Depends(get_serving)]
CallerDep = Annotated[Caller, Depends(get_caller)]
