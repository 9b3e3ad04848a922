"""Routes of pages, which take turns at the processor.

A page is looked up and filled in a few milliseconds of computing. When dozens are in hand at once,
their threads hand the interpreter round at every statement to the database, which costs more than
the pages: so few are in hand, and the others wait their turn, first come, first served.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from inspect import iscoroutinefunction
from typing import Any, Final

import anyio
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

_AT_ONCE: Final = int(os.environ.get("AT_ONCE", 1 + (os.cpu_count() or 1)))
_READING: Final = {"GET", "HEAD"}
_turns: RunVar[anyio.CapacityLimiter] = RunVar("paddock_pages")


def page_router() -> APIRouter:
    """A router of pages, which are nothing that programs ask for."""
    return APIRouter(include_in_schema=False, route_class=_PageRoute)


class _PageRoute(APIRoute):
    """Waits for its turn, if it reads and computes in a thread; who awaits by itself does not."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if iscoroutinefunction(self.endpoint) or not (self.methods or set()) <= _READING:
            return handle

        async def in_turn(request: Request) -> Response:
            async with _limiter():
                return await handle(request)

        return in_turn


def _limiter() -> anyio.CapacityLimiter:
    try:
        return _turns.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        _turns.set(limiter)
        return limiter
