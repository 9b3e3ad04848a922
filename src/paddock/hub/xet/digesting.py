"""SHA-256 of Xet files: several at once, and each read and unpacked ahead of its hashing.

All uploads of a process share as many threads as there are processors, and take turns of a slice
of a file each. Chunks are hashed again only where that can tell something: a SHA-256 that is the
expected one proves every byte. One that is not may be damage on our medium or a client's lie, and
a second reading says which. Memory holds a few megabytes for each of the files in hand.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from typing import NamedTuple

from paddock.hub.xet.layout import Terms
from paddock.hub.xet.reading import Shelf, read_chunks

SLICE_BYTES = 64 * 1024 * 1024
_WINDOW_BYTES = 2 * 1024 * 1024


class Wanted(NamedTuple):
    """A file by its hash in text form; ``expected`` is the SHA-256 that it is said to have."""

    name: str
    terms: Terms
    expected: str | None


def digest_all(
    open_shelf: Callable[[], Shelf], files: Iterable[Wanted]
) -> Generator[int, None, dict[str, str]]:
    """The SHA-256 of each file by name; yields now and then how many bytes were read.

    Raises XorbDamaged where the bytes are not those that were verified when they came.
    """
    waiting, running = deque(files), dict[Future[int], _Digest]()
    found: dict[str, str] = {}
    done_bytes = told_bytes = 0
    try:
        while waiting or running:
            while waiting and len(running) < _processors():
                digest = _Digest(open_shelf(), waiting.popleft())
                running[_hashers().submit(digest.advance)] = digest
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                digest = running.pop(future)
                done_bytes += future.result()
                if digest.is_finished:
                    found[digest.file.name] = digest.sha256
                else:
                    running[_hashers().submit(digest.advance)] = digest
            if done_bytes - told_bytes >= SLICE_BYTES:
                told_bytes = done_bytes
                yield done_bytes
        return found
    finally:
        wait(running)  # nothing is read for somebody who has gone
        for digest in running.values():
            digest.rest()


class _Digest:
    """One file on its way through; ``advance`` runs in one thread at a time."""

    _reading: Future[list[memoryview] | None]  # what is hashed next

    def __init__(self, shelf: Shelf, file: Wanted) -> None:
        self.file = file
        self.is_finished = False
        self.sha256 = ""
        self._shelf = shelf
        self._is_checked = file.expected is None
        self._is_second = False  # reading
        self._begin()

    def advance(self) -> int:
        """Read and hash a slice; how many bytes that the file was not read before."""
        read_bytes = 0
        while (window := self._reading.result()) is not None:
            self._reading = _readers().submit(_next, self._windows)
            for chunk in window:
                self._hash.update(chunk)
                read_bytes += len(chunk)
            if read_bytes >= SLICE_BYTES:
                break
        else:
            self._end()
        return 0 if self._is_second else read_bytes

    def rest(self) -> None:
        """Return when nothing is read any more."""
        wait([self._reading])

    def _begin(self) -> None:
        self._hash = hashlib.sha256()
        self._windows = _windows(self._shelf, self.file.terms, self._is_checked)
        self._reading = _readers().submit(_next, self._windows)

    def _end(self) -> None:
        self.sha256 = self._hash.hexdigest()
        self.is_finished = self._is_checked or self.sha256 == self.file.expected
        if not self.is_finished:
            self._is_checked = self._is_second = True
            self._begin()


def _windows(shelf: Shelf, terms: Terms, is_checked: bool) -> Iterator[list[memoryview]]:
    """The whole file, some chunks at a time."""
    window: list[memoryview] = []
    window_bytes = 0
    for chunk in read_chunks(shelf, terms, 0, terms.size_bytes, is_checked=is_checked):
        window.append(chunk)
        window_bytes += len(chunk)
        if window_bytes >= _WINDOW_BYTES:
            yield window
            window, window_bytes = [], 0
    yield window


def _next(windows: Iterator[list[memoryview]]) -> list[memoryview] | None:
    return next(windows, None)


def _processors() -> int:
    return os.cpu_count() or 1


@cache
def _hashers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_processors(), "hashing-xet")


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_processors(), "reading-xet")
