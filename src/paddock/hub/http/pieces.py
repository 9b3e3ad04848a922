"""An answer that is made while it is sent: pieces from a generator that runs in a thread.

Knows how to make the first piece before the head goes out, so that what fails early is still an
answer, and how to stop the maker when the client goes away. Does not know what is made. Such work
takes its turn in the threads for heavy work (``receiving``), so other requests keep theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.hub.http.turns import run_heavy

SIGN_OF_LIFE_SECONDS = 5.0


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


class WorkResponse(Response):
    """Sends what a piece of work gives when it is done, and before it a sign of life now and then.

    Work that was begun is carried on when the client goes away. What the work needs is closed when
    the answer ends.
    """

    def __init__(
        self,
        work: Callable[[], Iterator[bytes]],
        headers: Mapping[str, str],
        sign_of_life: bytes | None,
        needs: AsyncExitStack,
    ) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]  # Response's own, of an empty body
        self._work, self._sign_of_life, self._needs = work, sign_of_life, needs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._needs:
            task = asyncio.create_task(run_heavy(self._work))
            try:
                await self._send(task, send)
            finally:
                with anyio.CancelScope(shield=True):
                    await asyncio.wait([task])

    async def _send(self, task: asyncio.Task[Iterator[bytes]], send: Send) -> None:
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        is_begun = False
        while not (await asyncio.wait([task], timeout=SIGN_OF_LIFE_SECONDS))[0]:
            if self._sign_of_life is None:
                continue
            if not is_begun:
                await send(head)
                is_begun = True
            await send(
                {"type": "http.response.body", "body": self._sign_of_life, "more_body": True}
            )
        body = b"".join(task.result())  # what failed before the head was sent is still an answer
        if not is_begun:
            await send(head)
        await send({"type": "http.response.body", "body": body})


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)


def _close(pieces: Iterator[bytes]) -> None:
    if close := getattr(pieces, "close", None):
        close()
