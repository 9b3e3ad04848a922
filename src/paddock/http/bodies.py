"""How much of a request's body is taken: of one, and of all that are in hand.

A body is bounded before its first byte where its length is announced, and as it arrives where it
is not. What is over the limit is read for a while and forgotten, since a client that sends too much
reads our answer only once it has sent all of it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

BODY_LIMIT_KEY: Final = "paddock.body_limit_bytes"  # in the scope, of a handler that takes more
OWN_BYTES: Final = 64 * 1024  # the first bytes of a body, which count for nothing
_LINGER_BYTES: Final = 64 * 1024 * 1024
_LINGER_SECONDS: Final = 5.0
_RETRY_AFTER_SECONDS: Final = 5


class BodyMemory:
    """How many bytes of large bodies are in memory, so that a crowd of slow senders takes no more
    than one may; what is small is never refused for what others send.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._bytes = most_bytes, 0

    def grow(self, before: int, now: int) -> None:
        """One body has grown; refused where all together are too large."""
        more = max(0, now - OWN_BYTES) - max(0, before - OWN_BYTES)
        if more and self._bytes + more > self._most_bytes:
            raise HTTPException(
                503,
                "other large requests leave no memory for this one",
                headers={"Connection": "close", "Retry-After": str(_RETRY_AFTER_SECONDS)},
            )
        self._bytes += more

    def forget(self, size_bytes: int) -> None:
        """The body's request is over."""
        self._bytes -= max(0, size_bytes - OWN_BYTES)


class BoundedBody:
    """One request's body, as it is received."""

    def __init__(
        self, scope: Scope, receive: Receive, limit_bytes: int, memory: BodyMemory | None
    ) -> None:
        announced = Headers(scope=scope).get("content-length", "")
        self._scope, self._receive, self._memory = scope, receive, memory
        self._usual_limit_bytes = limit_bytes
        self._announced_bytes = int(announced) if announced.isdecimal() else 0
        self._received_bytes = 0

    async def receive(self) -> Message:
        """ASGI's; raises what FastAPI passes on from inside its parsing, which is no other class
        than Starlette's own.
        """
        limit: int = self._scope.get(BODY_LIMIT_KEY, self._usual_limit_bytes)
        if self._announced_bytes > limit:
            await self._linger()
            raise _too_large(limit)
        message = await self._receive()
        received = self._received_bytes + len(message.get("body", b""))
        if received > limit:
            await self._linger()
            raise _too_large(limit)
        if self._memory is not None:
            self._memory.grow(self._received_bytes, received)
        self._received_bytes = received
        return message

    def forget(self) -> None:
        """Nobody needs it any longer."""
        if self._memory is not None:
            self._memory.forget(self._received_bytes)

    async def _linger(self) -> None:
        """Read on and forget it, so that our answer is not lost in a reset."""
        asks_first = "expect" in Headers(scope=self._scope)  # and so reads the answer first
        if asks_first or self._announced_bytes > _LINGER_BYTES:
            return
        forgotten = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while forgotten < _LINGER_BYTES:
                    message = await self._receive()
                    if not message.get("more_body", False):
                        return
                    forgotten += len(message["body"])


def _too_large(limit_bytes: int) -> HTTPException:
    detail = f"the body is larger than {limit_bytes} bytes, the limit here"
    return HTTPException(413, detail, headers={"Connection": "close"})
