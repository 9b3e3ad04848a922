"""A file that is written, hashed twice and made durable in one pass.

SHA-256 and BLAKE3 run in a thread each beside the writing one, and a third pushes what is written
to the medium meanwhile, so that the slowest of the four is the only cost. Knows nothing of what is
written.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import blake3

from paddock.checkpoint.tensors import PIECE_BYTES, Piece
from paddock.digest import Digests

MAX_PENDING = 32  # pieces that wait for a hasher; bounds memory
FLUSH_BYTES = 64 << 20
COPY_BUFFERS = 8


class WrittenFile(NamedTuple):
    """A file of an output folder, by its name there, and the digests of what was written."""

    name: str
    digests: Digests


class DigestingFile:
    """A new file on its way out; ``finish`` makes it durable.

    Pieces must not change after ``write``. Used as a context manager, it closes the file and stops
    its threads in every case.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._sha, self._blake, self._size_bytes = hashlib.sha256(), blake3.blake3(), 0
        self._hashers = (ThreadPoolExecutor(1), ThreadPoolExecutor(1))
        self._pending: deque[Future[object]] = deque()
        self._flusher = ThreadPoolExecutor(1)
        self._flushing: Future[None] | None = None
        self._unflushed_bytes = 0

    def write(self, piece: Piece) -> None:
        """Append bytes."""
        self._append(memoryview(piece).cast("B"))

    def copy_from(self, path: Path) -> None:
        """Append a whole file through a few buffers, each used again when it has been hashed."""
        ring = deque((bytearray(PIECE_BYTES), list[Future[object]]()) for _ in range(COPY_BUFFERS))
        with path.open("rb", buffering=0) as source:
            while True:
                buffer, readers = ring.popleft()
                for reader in readers:
                    reader.result()
                count = source.readinto(buffer)
                if not count:
                    return
                ring.append((buffer, self._append(memoryview(buffer)[:count])))

    def _append(self, view: memoryview) -> list[Future[object]]:
        """Write and begin to hash; the futures end when the bytes are no longer looked at."""
        updates = (self._sha.update, self._blake.update)
        hashing: list[Future[object]] = [
            hasher.submit(_run, update, view)
            for hasher, update in zip(self._hashers, updates, strict=True)
        ]
        self._pending.extend(hashing)
        written = 0
        while written < len(view):
            written += self._file.write(view[written:]) or 0
        self._size_bytes += len(view)
        self._flush_now_and_then(len(view))
        while len(self._pending) > MAX_PENDING:
            self._pending.popleft().result()
        return hashing

    def _flush_now_and_then(self, new_bytes: int) -> None:
        self._unflushed_bytes += new_bytes
        if self._unflushed_bytes >= FLUSH_BYTES and (not self._flushing or self._flushing.done()):
            if self._flushing:
                self._flushing.result()
            self._flushing = self._flusher.submit(os.fdatasync, self._file.fileno())
            self._unflushed_bytes = 0

    def finish(self) -> Digests:
        """Wait until the bytes are hashed and on the medium."""
        if self._flushing:
            self._flushing.result()  # a failed write is reported only once: here or below
        os.fsync(self._file.fileno())
        while self._pending:
            self._pending.popleft().result()
        return Digests(self._size_bytes, self._sha.hexdigest(), self._blake.hexdigest())

    def __enter__(self) -> DigestingFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for thread in (*self._hashers, self._flusher):
            thread.shutdown(cancel_futures=True)
        self._file.close()


def _run(update: Callable[[memoryview], object], view: memoryview) -> object:
    return update(view)


def write_file(path: Path, pieces: Iterable[Piece]) -> WrittenFile:
    """Write a whole new file from pieces."""
    with DigestingFile(path) as file:
        for piece in pieces:
            file.write(piece)
        return WrittenFile(path.name, file.finish())


def copy_file(source: Path, path: Path) -> WrittenFile:
    """Write a new file with the bytes of another."""
    with DigestingFile(path) as file:
        file.copy_from(source)
        return WrittenFile(path.name, file.finish())
