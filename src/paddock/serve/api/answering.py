"""How a route that generates answers: whole, or in events, from one and the same ``Answer``."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import Request
from starlette.responses import Response

from paddock.serve.api.event_stream import Events, streamed, while_there


class Answer(Protocol):
    """The answer to one request, which is made either whole or in events."""

    async def whole(self) -> Response:
        """All of it."""
        ...

    def events(self) -> Events:
        """Its parts as they come; close it to cancel what is left."""
        ...

    def failed(self, error: dict[str, Any]) -> bytes:
        """What a stream says of an error in its middle."""
        ...


async def respond(request: Request, answer: Answer, *, is_streamed: bool | None) -> Response:
    """Make the answer, for as long as the client is there."""
    if is_streamed:
        return await streamed(request, answer.events(), answer.failed)
    return await while_there(request, answer.whole())
