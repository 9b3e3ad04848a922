"""Server-sent events, and clients that leave.

A client that is gone ends the work for it at once: the generator that makes its answer is closed,
and with it the requests in the engine. What goes wrong in the middle of a stream is told in it, in
OpenAI's shape.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, TypeVar

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.errors import PaddockError
from paddock.log import get_logger
from paddock.serve.http.errors import body_of, error_body

log = get_logger("serve")

DONE: Final = b"data: [DONE]\n\n"

T = TypeVar("T")
Events = AsyncGenerator[bytes, None]
OnError = Callable[[dict[str, Any]], bytes]


def event(value: dict[str, Any]) -> bytes:
    """One event of data."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def json_response(value: dict[str, Any]) -> Response:
    """A whole answer."""
    return Response(orjson.dumps(value), media_type="application/json")


async def streamed(request: Request, events: Events, on_error: OnError) -> Response:
    """The events as an answer; what fails before the first one is raised here."""
    first = await while_there(request, anext(events, b""))
    return EventStream(first, events, on_error)


async def while_there(request: Request, work: Awaitable[T]) -> T:
    """The work's result; a client that leaves ends it, and ClientDisconnect is raised."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_until_gone(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        await _ended(working, leaving)


class EventStream(Response):
    """Sends events as they are made."""

    def __init__(self, first: bytes, events: Events, on_error: OnError) -> None:
        super().__init__(media_type="text/event-stream")
        del self.headers["content-length"]
        self.headers["cache-control"] = "no-cache"
        self.headers["x-accel-buffering"] = "no"  # nginx would hold events back
        self._first = first
        self._events = events
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        finally:
            await _ended(writing, leaving)

    async def _write(self, send: Send) -> None:
        async with aclosing(self._events):
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            try:
                await send(_body(self._first))
                async for chunk in self._events:
                    await send(_body(chunk))
            except PaddockError as e:
                await send(_body(self._on_error(body_of(e))))
            except OSError:
                return  # the client is gone
            except Exception:
                log.exception("a stream failed")
                failed = error_body(500, "something went wrong on our side", code="internal")
                await send(_body(self._on_error(failed)))
            await send(_body(b"", more=False))


def _body(chunk: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": chunk, "more_body": more}


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what still runs, and let it clean up."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
