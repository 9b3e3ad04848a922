"""Routes of pages, which take turns at the processor.

A page is looked up and filled in a few milliseconds of computing. When dozens are in hand at once,
their threads hand the interpreter round at every statement to the database, which costs more than
the pages: so few are in hand (``hub.http.turns``), and the others wait, first come, first served.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from inspect import iscoroutinefunction
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from paddock.hub.http.turns import page_turn

_READING: Final = {"GET", "HEAD"}


def page_router() -> APIRouter:
    """A router of pages, which are nothing that programs ask for."""
    return APIRouter(include_in_schema=False, route_class=InTurn)


class InTurn(APIRoute):
    """Waits for its turn, if it reads and computes in a thread; who awaits by itself does not."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if iscoroutinefunction(self.endpoint) or not (self.methods or set()) <= _READING:
            return handle

        async def in_turn(request: Request) -> Response:
            async with page_turn():
                return await handle(request)

        return in_turn
