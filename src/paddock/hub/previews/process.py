"""The other side of the reading process: starts it, feeds it bytes, listens under a clock, ends it.

Judges nothing of what is read. The process has no way to the file but this one, so what it may see
is what ``read`` gives.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from paddock.hub.previews.answers import Preview
from paddock.hub.previews.formats import Format
from paddock.hub.previews.questions import Question
from paddock.hub.previews.reading.bounds import FETCHED_BYTES, SECONDS
from paddock.hub.previews.wire import (
    LENGTH,
    MAX_LINE_BYTES,
    Nonsense,
    Problem,
    Wants,
    parse_reply,
    render_question,
)

START_SECONDS = 30.0
MAX_QUESTIONS = 200  # of one process: what leaks in it goes with it
_READ_BYTES = 1 << 16
_MODULE = "paddock.hub.previews.reading.child"

Read = Callable[[int, int], Iterator[bytes]]  # the file's bytes from start to end


class ProcessEnded(Exception):
    """It died, hung or answered nonsense; the message says which, for people."""


class Process:
    """One process, and the one file that it reads."""

    def __init__(self, format: Format) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", "-B", "-m", _MODULE, str(format)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
        self._buffer = bytearray()
        self.questions = 0

    @property
    def is_there(self) -> bool:
        """Whether it could be asked; it ends by itself when it was not for a while."""
        return self._process.poll() is None and self.questions < MAX_QUESTIONS

    def ask(self, question: Question, read: Read) -> Preview | Problem:
        """The answer; raises ProcessEnded, and what ``read`` raises: it is of no use after that."""
        seconds = SECONDS + (START_SECONDS if not self.questions else 0)
        self.questions += 1
        deadline = time.monotonic() + seconds
        self._send(render_question(question), deadline)
        left_bytes = FETCHED_BYTES
        while True:
            try:
                reply = parse_reply(self._line(deadline))
            except Nonsense:
                raise ProcessEnded("its reader said something that no reader says") from None
            if not isinstance(reply, Wants):
                return reply
            length = reply.end - reply.start
            left_bytes -= length
            if length < 0 or reply.end > question.size_bytes or left_bytes < 0:
                raise ProcessEnded("its reader asked for what is not its own")
            self._send(LENGTH.pack(length), deadline)
            for piece in read(reply.start, reply.end) if length else ():
                self._send(piece, deadline)

    def end(self) -> None:
        """Kill it with everything that it may have started."""
        if self._process.returncode is None:  # else its number may be another's by now
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        self._process.wait()

    def _send(self, content: bytes, deadline: float) -> None:
        assert self._process.stdin is not None  # noqa: S101  (asked for above)
        pipe = self._process.stdin.fileno()
        os.set_blocking(pipe, False)
        left = memoryview(content)
        while left:
            _wait(pipe, selectors.EVENT_WRITE, deadline)
            try:
                left = left[os.write(pipe, left) :]
            except BlockingIOError:
                continue
            except OSError:
                raise ProcessEnded("its reader ended: out of memory, or worse") from None

    def _line(self, deadline: float) -> bytes:
        assert self._process.stdout is not None  # noqa: S101
        pipe = self._process.stdout.fileno()
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_LINE_BYTES:
                raise ProcessEnded("its reader talks without end")
            _wait(pipe, selectors.EVENT_READ, deadline)
            piece = os.read(pipe, _READ_BYTES)
            if not piece:
                raise ProcessEnded("its reader ended: out of memory, or worse")
            self._buffer += piece
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line


def _wait(pipe: int, event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise ProcessEnded(f"reading it takes more than {SECONDS:.0f} seconds")


def _environment() -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
    # One thread, and memory that is given back: what is bounded is what is used.
    bounded = {
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    return kept | bounded | {"LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
