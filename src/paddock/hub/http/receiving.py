"""Request bodies on their way to where they are kept, in pieces of about a megabyte.

The event loop receives while a thread writes and hashes what came before, so neither waits for the
other and memory holds two pieces, however large the body is. Such work has threads of its own, a
few more than there are processors: many uploads share them in turn, and other requests keep theirs.
Knows nothing of what is received.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

import anyio.to_thread
from fastapi import Request

from paddock.errors import BadInput
from paddock.http import direct_bodies
from paddock.http.bodies import BODY_LIMIT_KEY
from paddock.hub.context import accept_body
from paddock.hub.http.turns import run_heavy
from paddock.storage.errors import os_errors

_PIECE_BYTES = 1 << 20

T = TypeVar("T")
Piece = bytes | memoryview
P = TypeVar("P", bound=Piece)


class WrongLength(BadInput):
    """The body is not as long as it must be."""

    code = "wrong_length"


def expect_length(request: Request, size_bytes: int) -> None:
    """Let the body be that long, and refuse one that announces less before any of it is read.

    One that announces or sends more is cut off by the limit that is set here.
    """
    announced = request.headers.get("content-length")
    if announced is not None and int(announced) < size_bytes:
        raise WrongLength(f"the body has {announced} bytes; {size_bytes} were announced")
    accept_body(request, size_bytes)


async def receive_into(request: Request, write: Callable[[bytes], object]) -> int:
    """Give the body to ``write``, in a thread, and count it; raises what ``write`` raises."""
    return await _give(_pieces(request), write)


async def receive_large(request: Request, write: Callable[[Piece], object]) -> int:
    """The same by the shortest way there is; ``write`` keeps no piece that it is given."""
    direct = direct_bodies.offered(request.scope)
    # A body over the limit is refused by whoever counts the ordinary messages.
    if direct is None or direct.announced_bytes > request.scope.get(BODY_LIMIT_KEY, 0):
        return await _give(_pieces(request), write)
    return await _give(direct.pieces(), write)


async def _give(pieces: AsyncGenerator[P], write: Callable[[P], object]) -> int:
    received_bytes = 0
    writing: asyncio.Task[object] | None = None
    try:
        async for piece in pieces:
            if writing is not None:
                await writing
            writing = asyncio.create_task(run_heavy(_keep, write, piece))
            received_bytes += len(piece)
        if writing is not None:
            await writing
        return received_bytes
    finally:
        if writing is not None:
            await asyncio.wait([writing])  # whoever closes the target must find it at rest
            writing.exception()  # seen: an error before it, such as a disconnect, takes its place
        await pieces.aclose()


def _keep(write: Callable[[P], object], piece: P) -> None:
    with os_errors("keeping a request's body"):
        write(piece)


async def receive_all(request: Request, limit_bytes: int) -> bytes:
    """A small body, whole."""
    accept_body(request, limit_bytes)
    return await request.body()


@asynccontextmanager
async def entered(target: AbstractContextManager[T]) -> AsyncIterator[T]:
    """``with target`` where opening and closing may take the disk's time."""
    value = await anyio.to_thread.run_sync(target.__enter__)
    try:
        yield value
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(target.__exit__, None, None, None)


async def _pieces(request: Request) -> AsyncGenerator[bytes]:
    waiting: list[bytes] = []
    waiting_bytes = 0
    async for piece in request.stream():
        waiting.append(piece)
        waiting_bytes += len(piece)
        if waiting_bytes >= _PIECE_BYTES:
            yield b"".join(waiting)
            waiting, waiting_bytes = [], 0
    if waiting_bytes:
        yield b"".join(waiting)
