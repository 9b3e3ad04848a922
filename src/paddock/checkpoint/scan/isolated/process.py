"""The other side of the scanning process: starts it, listens under a clock, ends it with its group.

Reads no file. Gives what the process said, and how far it came; judges neither.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from paddock.checkpoint.scan.isolated.wire import (
    MAX_LINE_BYTES,
    Answer,
    Begun,
    Compared,
    Finished,
    Job,
    Nonsense,
    parse_answer,
    render_job,
)

START_SECONDS = 60
SPARE_SECONDS = 15  # the process has a clock of its own, which ends checks one by one
_READ_BYTES = 1 << 16
_COMMAND = [sys.executable, "-I", "-B", "-m", "paddock.checkpoint.scan.isolated.child"]


class ProcessEnded(Exception):
    """It died, hung or answered nonsense; the message says which."""


def run_job(job: Job) -> Iterator[Answer]:
    """The answers of one process, as they come; raises ``ProcessEnded`` unless it says the last."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=job.folder,
        env=_environment(job.folder),
        start_new_session=True,
    )
    try:
        with contextlib.suppress(BrokenPipeError):
            if process.stdin:
                process.stdin.write(render_job(job))
                process.stdin.close()
        if process.stdout:
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                yield from _answers(_Lines(process.stdout.fileno(), selector), job)
    finally:
        _end(process)


def _environment(folder: Path) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "PADDOCK_KERNELS") if key in os.environ}
    # More threads would take addresses, and the files are read one after the other.
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return kept | threads | {"LC_ALL": "C.UTF-8", "TMPDIR": str(folder), "HOME": str(folder)}


def _answers(lines: _Lines, job: Job) -> Iterator[Answer]:
    deadline = time.monotonic() + START_SECONDS
    for_all = sum(_seconds_of(entry.file, job) for entry in job.entries)
    current: int | None = None
    while True:
        line = lines.next(deadline)
        try:
            answer = parse_answer(line, job.entries)
        except Nonsense:
            raise ProcessEnded("it said something that no scan says") from None
        if isinstance(answer, Begun):
            current = answer.place
            deadline = time.monotonic() + _seconds_of(job.entries[current].file, job)
        elif isinstance(answer, Finished):
            if answer.place != current:
                raise ProcessEnded("it told of another file than it was at")
            current, deadline = None, time.monotonic() + for_all + START_SECONDS
        yield answer
        if isinstance(answer, Compared):
            return


def _seconds_of(file: Path, job: Job) -> float:
    try:
        size = file.stat().st_size
    except OSError:
        size = 0
    return job.limits.seconds_for(size) + SPARE_SECONDS


class _Lines:
    """Lines out of a pipe, each before a deadline and of bounded length."""

    def __init__(self, descriptor: int, selector: selectors.BaseSelector) -> None:
        self._descriptor, self._selector = descriptor, selector
        self._buffer = bytearray()

    def next(self, deadline: float) -> bytes:
        """The next line, without its end; ProcessEnded where none comes by ``deadline``."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_LINE_BYTES:
                raise ProcessEnded("it talks without end")
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise ProcessEnded("it did not finish in time")
            piece = os.read(self._descriptor, _READ_BYTES)
            if not piece:
                raise ProcessEnded("it ended early: out of memory, or worse")
            self._buffer += piece
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it with everything that it may have started; wait for the system to forget it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe:
                pipe.close()
    process.wait()
