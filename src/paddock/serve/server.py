"""The process that serves: until it is told to stop, and then until what is in hand is finished.

The first signal makes the server unready and refuses new requests, while streams go on for so many
seconds; the second ends it at once.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any, Final, NamedTuple

import uvicorn

from paddock.http.protocol import allow_many_connections, uvicorn_options
from paddock.log import get_logger
from paddock.serve.callers import Gate
from paddock.serve.http.app import create_app
from paddock.serve.limiter import Limiter
from paddock.serve.serving import Serving

log = get_logger("serve")

# What answers are left after the drain were ended; their last bytes need no longer than this.
_LAST_BYTES_SECONDS: Final = 5


def run(
    serving: Serving,
    gate: Gate,
    limiter: Limiter,
    listener: socket.socket,
    *,
    drain_seconds: float,
    begin: Callable[[], Awaitable[None]],
) -> None:
    """Serve until SIGTERM or SIGINT; ``begin`` runs once we answer, and what it raises ends us."""
    allow_many_connections()
    app = create_app(serving, gate, limiter)
    server = DrainingServer(app, Stopping(serving, gate, drain_seconds), begin)
    server.run(sockets=[listener])
    if server.force_exit:
        sys.stdout.flush()
        os._exit(0)  # whatever is being loaded or computed in a thread is not waited for
    if server.failure is not None:
        raise server.failure
    log.info("stopped")


class Stopping(NamedTuple):
    """What is ended, and how patiently."""

    serving: Serving
    gate: Gate
    drain_seconds: float


class DrainingServer(uvicorn.Server):
    """uvicorn's server, with a drain of our own between the signal and the end."""

    def __init__(self, app: Any, stopping: Stopping, begin: Callable[[], Awaitable[None]]) -> None:
        options = {**uvicorn_options(), "timeout_graceful_shutdown": _LAST_BYTES_SECONDS}
        super().__init__(uvicorn.Config(app, **options))
        self._stopping, self._begin = stopping, begin
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Future[None]] = set()
        self._is_stopping = False
        self.failure: BaseException | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._start(self._run_begin())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._is_stopping or self._loop is None:
            self.force_exit = self.should_exit = True
            return
        self._is_stopping = True
        self._loop.call_soon_threadsafe(lambda: self._start(self._drain()))

    async def _run_begin(self) -> None:
        try:
            await self._begin()
        except Exception as e:
            self.failure = e
            await self._end(0)

    async def _drain(self) -> None:
        await self._end(self._stopping.drain_seconds)

    async def _end(self, drain_seconds: float) -> None:
        log.info("draining", seconds=drain_seconds)
        try:
            if not await self._stopping.serving.drain(drain_seconds):
                log.warning("requests were still in hand and are ended")
            await self._stopping.serving.close()
            await self._stopping.gate.close()
        finally:
            self.should_exit = True

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself keeps no hold of it
        task.add_done_callback(self._tasks.discard)
