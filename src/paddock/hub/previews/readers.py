"""The processes that are kept for the next question, and the answers that are remembered.

A process reads one content and no other, so that a hostile file can lie about itself alone. A few
are kept for who pages on; how many work at once is bounded, and whoever comes then waits a little.
"""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from paddock.errors import BadInput, Unavailable
from paddock.hub.previews.answers import Preview
from paddock.hub.previews.formats import Format
from paddock.hub.previews.process import Process, ProcessEnded, Read
from paddock.hub.previews.questions import Question
from paddock.hub.previews.wire import Problem

AT_ONCE = 3
KEPT_PROCESSES = 3
WAITING = 8  # and who comes then is told at once
WAIT_SECONDS = 10.0
REMEMBERED = 64
REMEMBERED_CELLS = 200_000

_Key = tuple[str, Question]


class PreviewRefused(BadInput):
    """A file cannot be shown as a table; the message says why."""

    code = "preview_refused"


class ReadersBusy(Unavailable):
    """As many files are read as may be at once."""

    code = "readers_busy"


class Readers:
    """All of this server's; every method may be called from several threads at once."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._lock = threading.Lock()
        self._idle: OrderedDict[str, Process] = OrderedDict()
        self._answers: OrderedDict[_Key, Preview | Problem] = OrderedDict()
        self._cells = 0

    def ask(self, etag: str, question: Question, read: Read) -> Preview:
        """The answer for a content; raises PreviewRefused, ReadersBusy."""
        answer = self._remembered((etag, question))
        if answer is None:
            if question.format is Format.PARQUET and find_spec("pyarrow") is None:
                raise PreviewRefused(
                    "Parquet files are not shown here",
                    hint="an administrator can install it: pip install 'paddock[parquet]'",
                )
            with self._turn():
                answer = self._asked(etag, question, read)
            self._remember((etag, question), answer)
        if isinstance(answer, Problem):
            raise PreviewRefused(answer.sentence)
        return answer

    def close(self) -> None:
        """End every process."""
        with self._lock:
            idle, self._idle = self._idle, OrderedDict()
        for process in idle.values():
            process.end()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        busy = ReadersBusy("too many tables are being read at the moment", hint="try again soon")
        if not self._places.acquire(blocking=False):
            raise busy
        try:
            if not self._turns.acquire(timeout=WAIT_SECONDS):
                raise busy
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()

    def _asked(self, etag: str, question: Question, read: Read) -> Preview | Problem:
        process = self._take(etag)
        is_new = process is None
        process = process or _started(question.format)
        try:
            answer = process.ask(question, read)
        except ProcessEnded as e:
            process.end()
            if not is_new:  # it may have been about to go: that says nothing of the file
                return self._asked(etag, question, read)
            return Problem(f"the file cannot be shown: {e}")
        except BaseException:
            process.end()
            raise
        self._keep(etag, process)
        return answer

    def _take(self, etag: str) -> Process | None:
        with self._lock:
            process = self._idle.pop(etag, None)
        if process is not None and not process.is_there:
            process.end()
            return None
        return process

    def _keep(self, etag: str, process: Process) -> None:
        with self._lock:
            ended = [self._idle.pop(etag)] if etag in self._idle else []
            self._idle[etag] = process
            while len(self._idle) > KEPT_PROCESSES:
                ended.append(self._idle.popitem(last=False)[1])
        for one in ended:
            one.end()

    def _remembered(self, key: _Key) -> Preview | Problem | None:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def _remember(self, key: _Key, answer: Preview | Problem) -> None:
        with self._lock:
            self._cells += _cells(answer) - _cells(self._answers.get(key))
            self._answers[key] = answer
            while len(self._answers) > REMEMBERED or self._cells > REMEMBERED_CELLS:
                self._cells -= _cells(self._answers.popitem(last=False)[1])


def _started(format: Format) -> Process:
    try:
        return Process(format)
    except OSError as e:
        raise ReadersBusy(f"no process could be started to read the file: {e.strerror}") from e


def _cells(answer: Preview | Problem | None) -> int:
    return len(answer.rows) * len(answer.columns) if isinstance(answer, Preview) else 0


READERS = Readers()
atexit.register(READERS.close)
