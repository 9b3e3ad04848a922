"""A large request body, from the socket into our buffers without passing through the parser.

The parser is told to wait, the connection's own reading is paused, and the bytes that the head
announced are read from its descriptor a megabyte at a time. The event loop waits for the socket,
never a thread, and is woken only when much has arrived, so a client that sends slowly costs a
descriptor and two buffers. Afterwards the parser goes on where the body ended, or where its reader
gave up. Where the bytes are not ours to read (TLS, a chunked body, another server) it is not
offered, and the body comes as ASGI's messages do.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, Final

import httptools
from starlette.requests import ClientDisconnect
from starlette.types import Scope
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION: Final = "paddock.request.direct_body"
LEAST_BYTES: Final = 256 * 1024  # what is smaller is not worth it
PIECE_BYTES: Final = 1 << 20
_WAKE_BYTES: Final = 512 * 1024  # as much arrives before we are woken
_LOOK_SECONDS: Final = 1.0  # or this long passes
_ZEROS: Final = bytes(1 << 16)


class DirectBody:
    """One request's body of announced length. ``parsed`` is told what came by way of the parser."""

    def __init__(
        self, protocol: HttpToolsProtocol, announced_bytes: int, stalled_seconds: float
    ) -> None:
        self.announced_bytes = announced_bytes
        self._protocol, self._cycle = protocol, protocol.cycle
        self._stalled_seconds = stalled_seconds
        self._left_bytes = announced_bytes
        self._unparsed_bytes = 0  # read past the parser, which still waits for them
        self._wakes_at = 1

    def parsed(self, size_bytes: int) -> None:
        """So many bytes of the body came by way of the parser."""
        self._left_bytes -= size_bytes

    async def pieces(self) -> AsyncGenerator[memoryview]:
        """What is left of the body. A piece is good until the next but one is asked for.

        Raises ClientDisconnect for one that goes away, or sends nothing for too long.
        """
        cycle = self._cycle
        if cycle.waiting_for_100_continue:
            cycle.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        self._protocol.flow.pause_reading()
        early, cycle.body = cycle.body, bytearray()
        if early:
            yield memoryview(early)
        if not self._left_bytes:
            return
        if cycle.disconnected:
            raise ClientDisconnect
        with socket.socket(fileno=os.dup(cycle.transport.get_extra_info("socket").fileno())) as own:
            own.setblocking(False)
            try:
                async for piece in self._read(own):
                    yield piece
            finally:
                self._wake_at(own, 1)
                await self._go_on()

    async def _read(self, own: socket.socket) -> AsyncGenerator[memoryview]:
        buffers = [memoryview(bytearray(min(PIECE_BYTES, self._left_bytes))) for _ in range(2)]
        while self._left_bytes:
            piece = buffers[0][: self._left_bytes]
            await self._fill(piece, own)
            yield piece
            buffers.reverse()

    async def _fill(self, piece: memoryview, own: socket.socket) -> None:
        filled, moved_at = 0, asyncio.get_running_loop().time()
        while filled < len(piece):
            try:
                count = own.recv_into(piece[filled:])
            except BlockingIOError:
                now = asyncio.get_running_loop().time()
                if now - moved_at > self._stalled_seconds:
                    self._leave()
                self._wake_at(own, min(_WAKE_BYTES, self._left_bytes))
                await _readable(own, min(_LOOK_SECONDS, self._stalled_seconds))
                continue
            except OSError:
                self._leave()
            if not count:
                self._leave()
            moved_at = asyncio.get_running_loop().time()
            filled += count
            self._left_bytes -= count
            self._unparsed_bytes += count

    def _leave(self) -> None:
        self._protocol.transport.abort()
        raise ClientDisconnect

    def _wake_at(self, own: socket.socket, size_bytes: int) -> None:
        if size_bytes != self._wakes_at:
            with suppress(OSError):  # then we are woken sooner, or look by ourselves
                own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size_bytes)
            self._wakes_at = size_bytes

    async def _go_on(self) -> None:
        """Let the parser go on behind what was read."""
        protocol = self._protocol
        while self._left_bytes and self._unparsed_bytes and protocol.parser is not None:
            # Its place inside a body cannot be set: it is led there.
            count = min(self._unparsed_bytes, len(_ZEROS))
            self._unparsed_bytes -= count
            self._left_bytes += count  # which ``parsed`` takes off again
            protocol.parser.feed_data(_ZEROS[:count])
            self._cycle.body.clear()
            await asyncio.sleep(0)
        if protocol.parser is None or protocol.transport.is_closing():
            return
        if not self._left_bytes:
            protocol.parser = httptools.HttpRequestParser(protocol)
            with suppress(AttributeError):  # as uvicorn makes it
                protocol.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            protocol.on_message_complete()
        protocol.flow.resume_reading()


async def _readable(own: socket.socket, seconds: float) -> None:
    """Return when there is something to read, or after so long."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(own, ready.set)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ready.wait()
    finally:
        loop.remove_reader(own)


def offer(scope: HTTPScope, body: DirectBody) -> None:
    """Let a request's handler find it."""
    extensions: dict[str, Any] = {**(scope.get("extensions") or {}), EXTENSION: body}
    scope["extensions"] = extensions


def offered(scope: Scope) -> DirectBody | None:
    """The request's body, where it can be read directly."""
    found: DirectBody | None = scope.get("extensions", {}).get(EXTENSION)
    return found


def announced(headers: list[tuple[bytes, bytes]]) -> int | None:
    """The length of a body that is worth reading directly, from a head that was parsed."""
    fields = dict(headers)
    length = fields.get(b"content-length", b"")
    if b"transfer-encoding" in fields or not length.isdigit():
        return None
    size_bytes = int(length)
    return size_bytes if size_bytes >= LEAST_BYTES else None
