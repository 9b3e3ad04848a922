"""Large files of another hub that are read while they still arrive.

A file arrives once, whoever asks for it: into ``SHA256.part``, whose lock says that somebody
fetches it, of this process or another. What arrived stays over a break, and the next try goes on
from there. Readers follow the growing file, but its last piece is held back until the digest of the
whole was proven: nobody ever gets all the bytes of a file that is not what it should be. Proven
bytes become a blob like any other; ``on_stored`` hears of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from paddock.hub.mirror.policy import BadUpstreamAnswer
from paddock.hub.mirror.upstream import UpstreamUnreachable
from paddock.hub.names import RepositoryName
from paddock.log import get_logger
from paddock.storage.blobs import Blob, BlobStore
from paddock.storage.errors import os_errors
from paddock.storage.staging import make_folder

log = get_logger("mirror")

HELD_BACK_BYTES = 1 << 20
PIECE_BYTES = 1 << 20
FIRST_BYTES_SECONDS = 5.0  # how long a request waits before it says that nothing comes
POLL_SECONDS = 0.2
TRIES_WITHOUT_PROGRESS = 5
MAX_AT_ONCE = 4

# Where the bytes come from: an iterator over those from ``start`` on.
Source = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A large file of the other hub."""

    name: RepositoryName
    sha256: str
    size_bytes: int


@dataclass(slots=True)
class Arrivals:
    """The large files that are on their way to this process's machine."""

    folder: Path
    blobs: BlobStore
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="mirror")
    )
    _running: dict[str, Future[None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(
        self,
        wanted: Wanted,
        source: Source,
        start: int,
        end: int,
        on_stored: Callable[[Blob], None],
    ) -> Iterator[bytes]:
        """Bytes ``[start, end)`` as they come; an empty piece says that none came for a moment."""
        arriving = self._begin(wanted, source, on_stored)
        position, waiting_since = start, time.monotonic()
        while position < end:
            for piece in self._available(wanted, position, end):
                position += len(piece)
                waiting_since = time.monotonic()
                yield piece
            if position >= end:
                return
            if arriving.done() and self.blobs.size_bytes(wanted.sha256) is None:
                arriving.result()  # raises what stopped it
                arriving = self._begin(wanted, source, on_stored)  # another process gave up
            elif position > start or time.monotonic() - waiting_since > FIRST_BYTES_SECONDS:
                yield b""  # lets go of the thread; the reader may have gone
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Stop waiting for what has not begun; what has begun goes on another time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(
        self, wanted: Wanted, source: Source, on_stored: Callable[[Blob], None]
    ) -> Future[None]:
        with self._lock:
            running = self._running.get(wanted.sha256)
            if running is None or running.done():
                running = self._threads.submit(self._fetch, wanted, source, on_stored)
                self._running[wanted.sha256] = running
            for sha256 in [key for key, future in self._running.items() if future.done()]:
                if sha256 != wanted.sha256:
                    del self._running[sha256]
            return running

    def _part(self, wanted: Wanted) -> Path:
        return self.folder / f"{wanted.sha256}.part"

    def _available(self, wanted: Wanted, position: int, end: int) -> Iterator[bytes]:
        if self.blobs.size_bytes(wanted.sha256) is not None:
            yield from self.blobs.read(wanted.sha256, position, end)
            return
        try:
            with self._part(wanted).open("rb") as file:
                arrived = min(os.fstat(file.fileno()).st_size, wanted.size_bytes)
                stop = min(arrived, wanted.size_bytes - HELD_BACK_BYTES, end)
                file.seek(position)
                while position < stop:
                    piece = file.read(min(PIECE_BYTES, stop - position))
                    if not piece:
                        return
                    position += len(piece)
                    yield piece
        except FileNotFoundError:
            return  # not begun, or just become a blob

    def _fetch(self, wanted: Wanted, source: Source, on_stored: Callable[[Blob], None]) -> None:
        make_folder(self.folder)
        with os_errors("storing a mirrored file"), self._part(wanted).open("a+b") as part:
            try:
                fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another process fetches it: its part is read, then its blob
            if self.blobs.size_bytes(wanted.sha256) is None:
                _complete(part, wanted, source)
                _prove(part, wanted)
            on_stored(self._store(part, wanted))
            self._part(wanted).unlink(missing_ok=True)
        log.info("mirrored a large file", sha256=wanted.sha256, size_bytes=wanted.size_bytes)

    def _store(self, part: BinaryIO, wanted: Wanted) -> Blob:
        if self.blobs.size_bytes(wanted.sha256) == wanted.size_bytes:
            return Blob(wanted.sha256, wanted.size_bytes)
        part.seek(0)
        size = wanted.size_bytes
        with self.blobs.begin(sha256=wanted.sha256, size_bytes=size) as writer:
            while piece := part.read(PIECE_BYTES):
                writer.write(piece)
            return writer.commit(sha256=wanted.sha256, size_bytes=wanted.size_bytes)


def _complete(part: BinaryIO, wanted: Wanted, source: Source) -> None:
    """Append what is missing; tries again for as long as each try brings something."""
    fruitless = 0
    while (arrived := part.seek(0, os.SEEK_END)) < wanted.size_bytes:
        try:
            for piece in source(arrived):
                part.write(piece[: wanted.size_bytes - part.tell()])
                part.flush()
                if part.tell() >= wanted.size_bytes:
                    break
        except UpstreamUnreachable:
            if fruitless >= TRIES_WITHOUT_PROGRESS:
                raise
        if part.seek(0, os.SEEK_END) > arrived:
            fruitless = 0
            continue
        fruitless += 1
        if fruitless > TRIES_WITHOUT_PROGRESS:
            raise UpstreamUnreachable(f"large file {wanted.sha256} stopped at {arrived} bytes")
        time.sleep(min(2.0**fruitless, 10.0) / 10)


def _prove(part: BinaryIO, wanted: Wanted) -> None:
    part.seek(0)
    digest = hashlib.sha256()
    while piece := part.read(PIECE_BYTES):
        digest.update(piece)
    found = digest.hexdigest()
    if found != wanted.sha256:
        part.truncate(0)
        raise BadUpstreamAnswer(
            f"the other hub sent bytes of SHA-256 {found} for {wanted.sha256}",
            hint="they were thrown away; ask again",
        )


def remove_abandoned(folder: Path, older_than_seconds: float) -> int:
    """Remove parts that nobody fetched for so long; how many."""
    removed = 0
    oldest = time.time() - older_than_seconds
    for path in folder.glob("*.part") if folder.is_dir() else ():
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed
