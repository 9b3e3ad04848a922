"""From the engine's own thread to the event loop: one wake-up a step, however many requests.

Knows nothing of what requests mean. Every stream holds a bounded number of outputs; whoever reads
more slowly than that, or leaves, has the request cancelled and its cache blocks freed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from paddock.engine.engine import Engine
from paddock.engine.request import Finish, Output, Request

# A reader may be this many outputs behind: an answer of usual length is held whole, so that a slow
# reader costs some kilobytes and not the cache blocks of an unfinished request.
MAX_BEHIND: Final = 4096
# Longer prompts are hashed, and grammars compiled, beside the event loop.
MAX_QUICK_PROMPT: Final = 4096
# Tokens that follow each other faster are read several at a time. Waking a reader and its socket
# costs as much as many tokens of a small model, so with many readers each is woken less often; no
# eye tells a tenth of a second from less.
PACE_SECONDS: Final = 0.005
PACE_SECONDS_A_STREAM: Final = 0.002
MAX_PACE_SECONDS: Final = 0.1

OnOutputs = Callable[[list[Output]], None]


class Bridge:
    """An engine as a ``Backend``; made and used in one event loop."""

    def __init__(self, make_engine: Callable[[OnOutputs], Engine]) -> None:
        """``make_engine`` is called here, on the caller's thread; the engine is not started."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: dict[str, _Stream] = {}
        self.engine = make_engine(self._arrived)

    def close(self) -> None:
        """Stop the engine and cut off what it has in hand; blocks. Any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._cut_off)
        self.engine.stop()

    @asynccontextmanager
    async def outputs(self, request: Request) -> AsyncIterator[AsyncIterator[Output]]:
        self._loop = asyncio.get_running_loop()
        stream = _Stream()
        if request.id in self._streams:
            raise ValueError(f"the request id {request.id!r} is in use")
        self._streams[request.id] = stream
        try:
            await self._submit(request)
            yield self._read(stream)
        finally:
            del self._streams[request.id]
            if not stream.is_finished:
                self.engine.cancel(request.id)

    async def _read(self, stream: _Stream) -> AsyncIterator[Output]:
        time = asyncio.get_running_loop().time
        while True:
            output = await stream.next()
            taken = time()
            yield output
            if output.finish is not None:
                return
            pace = max(PACE_SECONDS, len(self._streams) * PACE_SECONDS_A_STREAM)
            await stream.pause(taken + min(pace, MAX_PACE_SECONDS) - time())

    async def _submit(self, request: Request) -> None:
        if request.grammar is None and len(request.prompt) <= MAX_QUICK_PROMPT:
            self.engine.submit(request)
            return
        # Shielded: a thread cannot be stopped, and cancelling must come after submitting.
        submitting = asyncio.ensure_future(asyncio.to_thread(self.engine.submit, request))
        try:
            await asyncio.shield(submitting)
        except asyncio.CancelledError:
            submitting.add_done_callback(lambda done: self._forget(request.id, done))
            raise

    def _forget(self, request_id: str, submitted: asyncio.Future[None]) -> None:
        if not submitted.cancelled() and submitted.exception() is None:
            self.engine.cancel(request_id)

    def _arrived(self, outputs: list[Output]) -> None:
        """On the engine's thread, once a step."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever would read
                loop.call_soon_threadsafe(self._deliver, outputs)

    def _cut_off(self) -> None:
        """Before the engine tells of each that it failed: it is no failure to stop."""
        for request_id, stream in self._streams.items():
            stream.cut(request_id, "the server is stopping")

    def _deliver(self, outputs: list[Output]) -> None:
        for output in outputs:
            stream = self._streams.get(output.request_id)
            if stream is not None and not stream.put(output):
                self.engine.cancel(output.request_id)


class _Stream:
    """Outputs of one request that were not read yet."""

    __slots__ = ("_outputs", "_pause", "_reader", "is_cut", "is_finished")

    def __init__(self) -> None:
        self._outputs: deque[Output] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._pause: asyncio.Future[None] | None = None
        self.is_finished = False  # the engine has nothing more for us
        self.is_cut = False

    def put(self, output: Output) -> bool:
        """Whether it was taken; else the reader is too far behind, and nothing more is."""
        if self.is_cut:
            return True
        if len(self._outputs) >= MAX_BEHIND and output.finish is None:
            self.cut(output.request_id, "read too slowly")
            return False
        self._outputs.append(output)
        self.is_finished = output.finish is not None
        _wake(self._reader)
        if self.is_finished:
            _wake(self._pause)
        return True

    def cut(self, request_id: str, why: str) -> None:
        """End it for its reader, whatever the engine does; what was read by nobody is forgotten."""
        if self.is_cut or self.is_finished:
            return
        self.is_cut = True
        self._outputs.clear()
        self._outputs.append(Output(request_id, finish=Finish.CANCELLED, error=why))
        _wake(self._reader)
        _wake(self._pause)

    async def next(self) -> Output:
        while not self._outputs:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        output = self._outputs.popleft()
        while self._outputs:  # what came while the reader was busy: one piece of text, not many
            _append(output, self._outputs.popleft())
        return output

    async def pause(self, seconds: float) -> None:
        """Let outputs gather; the last one ends it."""
        if seconds <= 0 or self.is_finished:
            return
        loop = asyncio.get_running_loop()
        self._pause = loop.create_future()
        timer = loop.call_later(seconds, _wake, self._pause)
        try:
            await self._pause
        finally:
            timer.cancel()


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _append(output: Output, later: Output) -> None:
    """Make one output of two that follow each other; each belongs to its reader alone."""
    output.token_ids += later.token_ids
    if later.logprobs is not None:
        output.logprobs = [*(output.logprobs or ()), *later.logprobs]
    output.prompt_logprobs = output.prompt_logprobs or later.prompt_logprobs
    output.embedding = output.embedding or later.embedding
    output.cached_tokens = max(output.cached_tokens, later.cached_tokens)
    output.finish, output.stop_id = later.finish, later.stop_id
    output.error, output.fault = later.error, later.fault
