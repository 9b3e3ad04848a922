"""Files from the disk to the socket by the kernel, without passing through Python.

Implements the ASGI extension ``http.response.zerocopysend`` over uvicorn's httptools protocol,
which does not have it. The response's head goes out the ordinary way; once the transport has
nothing left to write, ``os.sendfile`` moves the body on a duplicate of the connection's descriptor.
The event loop waits for the socket, never a thread, so a client that reads slowly costs a
descriptor and no more. Anywhere else (TLS, another server, a test transport) the extension is not
offered. Measured against the alternatives in ``docs/adr/0003-sending-path.md``.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from paddock.http.protocol import STALLED_SECONDS

EXTENSION = "http.response.zerocopysend"
# Large enough to fill a socket's buffer in one call, small enough that a read from a cold disk does
# not hold the event loop for long.
_BYTES_PER_CALL = 1 << 20
_PIECES_PER_CALL = 64


class ZeroCopySend:
    """Outermost ASGI layer: offers the extension and carries it out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cycle = _plain_connection(send) if scope.get("scheme") == "http" else None
        if cycle is None:
            await self._app(scope, receive, send)
            return
        scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: {}}

        async def send_or_sendfile(message: Message) -> None:
            if message["type"] != EXTENSION:
                await send(message)
            elif scope["method"] != "HEAD":
                await _send_directly(cycle, message)
            if message["type"] == EXTENSION and not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, receive, send_or_sendfile)


def _plain_connection(send: Send) -> RequestResponseCycle | None:
    """uvicorn's own side of the exchange, when it has an unencrypted socket to itself."""
    cycle = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle):
        return None
    transport = cycle.transport
    if transport.get_extra_info("socket") is None or transport.get_extra_info("sslcontext"):
        return None
    return cycle


async def _send_directly(cycle: RequestResponseCycle, message: Message) -> None:
    # Ours besides the extension's own fields: several ranges of the file, as offsets and counts; or
    # pieces of memory instead of a file.
    pieces: list[memoryview] = message.get("pieces", [])
    ranges = message.get("ranges") or [(message.get("offset", 0), message.get("count", 0))]
    count: int = sum(map(len, pieces)) or sum(count for _, count in ranges)
    if cycle.disconnected or not count:
        return
    if cycle.chunked_encoding or count > cycle.expected_content_length:
        raise RuntimeError("zero-copy bytes must fit the announced Content-Length")
    transport = cycle.transport
    await _drain_completely(cycle)
    socket_fd = os.dup(transport.get_extra_info("socket").fileno())
    try:
        if pieces:
            await _write_all(socket_fd, pieces)
        else:
            await _sendfile_all(socket_fd, message["file"].fileno(), ranges)
    except (ConnectionError, EOFError, OSError):
        # The client left, or the file ended early: the body cannot be completed, and an
        # unfinished response must not look like a finished one.
        cycle.disconnected = True
        transport.abort()
        return
    finally:
        os.close(socket_fd)
    cycle.expected_content_length -= count


async def _drain_completely(cycle: RequestResponseCycle) -> None:
    """Wait until the transport has handed everything to the kernel: its bytes come first."""
    cycle.transport.set_write_buffer_limits(high=0)
    try:
        while cycle.transport.get_write_buffer_size() and not cycle.disconnected:
            await asyncio.sleep(0)  # lets the loop flush, or call pause_writing
            if cycle.flow.write_paused:
                await cycle.flow.drain()
    finally:
        cycle.transport.set_write_buffer_limits(high=HIGH_WATER_LIMIT)


async def _sendfile_all(socket_fd: int, file_fd: int, ranges: Iterable[tuple[int, int]]) -> None:
    since_pause = 0
    for offset, count in ranges:
        end = offset + count
        while offset < end:
            try:
                sent = os.sendfile(socket_fd, file_fd, offset, min(end - offset, _BYTES_PER_CALL))
            except BlockingIOError:
                await _writable(socket_fd)
                continue
            if sent == 0:
                raise EOFError("the file is shorter than its response")
            offset += sent
            since_pause += sent
            if since_pause >= _BYTES_PER_CALL:
                since_pause = 0
                await asyncio.sleep(0)  # other requests are served meanwhile


async def _write_all(socket_fd: int, pieces: Sequence[memoryview]) -> None:
    waiting = deque(pieces)
    while waiting:
        try:
            sent = os.writev(socket_fd, list(islice(waiting, _PIECES_PER_CALL)))
        except BlockingIOError:
            await _writable(socket_fd)
            continue
        while waiting and sent >= len(waiting[0]):
            sent -= len(waiting.popleft())
        if sent:
            waiting[0] = waiting[0][sent:]
    await asyncio.sleep(0)  # other requests are served meanwhile


async def _writable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(fd, ready.set)
    try:
        async with asyncio.timeout(STALLED_SECONDS):  # raises an OSError
            await ready.wait()
    finally:
        loop.remove_writer(fd)
