"""An answer that is made while it is sent: pieces from a generator that runs in a thread.

Knows how to make the first piece before the head goes out, so that what fails early is still an
answer, and how to stop the maker when the client goes away. Does not know what is made. Such work
takes its turn in the threads for heavy work (``receiving``), so other requests keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.hub.http.receiving import run_heavy


class PiecesResponse(Response):
    """Sends what the iterator gives, chunked."""

    def __init__(self, pieces: Iterator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]  # Response's own, of an empty body
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            first = await run_heavy(_next, self._pieces)
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            async with anyio.create_task_group() as group:

                async def stop_when_gone() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    group.cancel_scope.cancel()

                group.start_soon(stop_when_gone)
                await self._send(first, send)
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await run_heavy(_close, self._pieces)

    async def _send(self, piece: bytes | None, send: Send) -> None:
        while piece is not None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await run_heavy(_next, self._pieces)
        await send({"type": "http.response.body", "body": b""})


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)


def _close(pieces: Iterator[bytes]) -> None:
    if close := getattr(pieces, "close", None):
        close()
