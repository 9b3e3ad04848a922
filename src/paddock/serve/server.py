"""The process that serves: until it is told to stop, and then until what is in hand is finished.

The first signal makes the server unready and refuses new requests, while streams go on for so many
seconds; the second ends it at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from types import FrameType
from typing import Any, Final, NamedTuple, NoReturn

import uvicorn

from paddock.http.protocol import allow_many_connections, uvicorn_options
from paddock.log import get_logger
from paddock.serve.api.app import create_app
from paddock.serve.callers import Gate
from paddock.serve.limiter import Limiter
from paddock.serve.serving import Serving

log = get_logger("serve")

# What answers are left after the drain were ended; their last bytes need no longer than this.
_LAST_BYTES_SECONDS: Final = 5
_THREADS_SECONDS: Final = 0.5


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
    with (
        _signals_end_it(),
        asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner,
    ):
        runner.run(server.serve(sockets=[listener]))
        if server.failure is None:
            log.info("stopped")
            if not runner.run(_threads_end()):
                _leave()
    if server.failure is not None:
        raise server.failure


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """At once, also before uvicorn minds them and after."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: _leave()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _threads_end() -> bool:
    """Whether what runs in threads (reading, verifying, pulling a model) ended soon."""
    ending = asyncio.ensure_future(asyncio.get_running_loop().shutdown_default_executor())
    done, _ = await asyncio.wait({ending}, timeout=_THREADS_SECONDS)
    return bool(done)


def _leave() -> NoReturn:
    """End now, whatever threads do: nothing of theirs is visible before it is whole."""
    with suppress(RuntimeError, OSError):  # a signal in the middle of writing
        sys.stdout.flush()
    os._exit(0)


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
            _leave()
        self._is_stopping = True
        # In a context of its own: the signal may come amid a request, whose id the log would tell.
        self._loop.call_soon_threadsafe(lambda: self._start(self._drain()), context=Context())

    async def _run_begin(self) -> None:
        try:
            await self._begin()
        except Exception as e:
            if not self._is_stopping:  # else it ends because we do
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
