"""Reading files that an attacker may be changing: no links, one descriptor, digests at once.

Knows the file system; does not know what a release is. Every component of a path is opened without
following links, and what was hashed is what was opened: a file that changes meanwhile is an error.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import blake3

from paddock.digest import Digests
from paddock.release.errors import SourceChanged

BUFFER_BYTES = 1 << 20  # small enough to stay in the processor's cache for the second hash
_WIDE_BUFFER_BYTES = 4 << 20
_AHEAD_BUFFER_BYTES = 2 << 20
_OVERLAP_FROM_BYTES = 16 << 20  # below this a second thread costs more than it gives

Sink = Callable[[memoryview], object]


class _Hasher(Protocol):
    def update(self, data: memoryview, /) -> object: ...
    def hexdigest(self) -> str: ...


@contextmanager
def opened_folder(path: str | Path) -> Iterator[int]:
    """A descriptor of the folder at ``path``, to read beneath."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_beneath(root_fd: int, path: str, flags: int = os.O_RDONLY) -> int:
    """A descriptor of ``path`` below the folder ``root_fd``; OSError for a link on the way."""
    *folders, name = path.split("/")
    folder_fd = os.dup(root_fd)
    try:
        for folder in folders:
            inner = os.open(
                folder,
                os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC,
                dir_fd=folder_fd,
            )
            os.close(folder_fd)
            folder_fd = inner
        # O_NONBLOCK: opening a FIFO that was put in a file's place must not wait for a writer.
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder_fd)
    finally:
        os.close(folder_fd)


def read_beneath(root_fd: int, path: str, limit_bytes: int) -> bytes:
    """At most ``limit_bytes + 1`` bytes of a regular file."""
    with os.fdopen(open_beneath(root_fd, path), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        return file.read(limit_bytes + 1)


def digest_beneath(root_fd: int, path: str) -> Digests:
    """Size and digests of the file at ``path``; SourceChanged when it changes while it is read."""
    descriptor = open_beneath(root_fd, path)
    try:
        return digest_descriptor(descriptor, path)
    finally:
        os.close(descriptor)


def blake3_beneath(root_fd: int, path: str) -> tuple[int, str]:
    """Size and BLAKE3 alone of the file at ``path``: several times as fast as both digests."""
    return _one_digest(root_fd, path, blake3.blake3())


def lone_blake3_beneath(root_fd: int, path: str) -> tuple[int, str]:
    """The same by all cores: for a file that is read while no other one is."""
    return _one_digest(root_fd, path, blake3.blake3(max_threads=blake3.blake3.AUTO), ahead=True)


def sha256_beneath(root_fd: int, path: str) -> tuple[int, str]:
    """Size and SHA-256 alone of the file at ``path``."""
    return _one_digest(root_fd, path, hashlib.sha256())


def _one_digest(
    root_fd: int, path: str, hasher: _Hasher, *, ahead: bool = False
) -> tuple[int, str]:
    descriptor = open_beneath(root_fd, path)
    try:
        with _unchanged(descriptor, path) as size_bytes:
            if ahead and size_bytes >= _OVERLAP_FROM_BYTES:
                total = _read_ahead(descriptor, hasher.update)
            else:
                buffer = memoryview(bytearray(BUFFER_BYTES))
                total = 0
                while count := os.readv(descriptor, [buffer]):
                    hasher.update(buffer[:count])
                    total += count
        return total, hasher.hexdigest()
    finally:
        os.close(descriptor)


def _read_ahead(descriptor: int, use: Sink) -> int:
    """Read the next piece while ``use`` has the last one; gives the bytes of all."""
    buffers = [memoryview(bytearray(_AHEAD_BUFFER_BYTES)) for _ in range(2)]
    pending: Future[object] | None = None
    total = 0
    with ThreadPoolExecutor(1) as thread:
        while count := os.readv(descriptor, [buffers[0]]):
            if pending is not None:
                pending.result()
            pending = thread.submit(use, buffers[0][:count])
            buffers.reverse()
            total += count
        if pending is not None:
            pending.result()
    return total


def digest_descriptor(descriptor: int, path: str, sink: Sink | None = None) -> Digests:
    """Both digests of an open file in one pass, handing each piece to ``sink`` as well."""
    with _unchanged(descriptor, path) as size_bytes:
        if size_bytes >= _OVERLAP_FROM_BYTES:
            return _digest_overlapped(descriptor, sink)
        return _digest_plain(descriptor, sink)


@contextmanager
def _unchanged(descriptor: int, path: str) -> Iterator[int]:
    """The size of a regular file that must still be the same when the block ends."""
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise OSError(f"{path} is not a regular file")
    yield before.st_size
    if _identity(before) != _identity(os.fstat(descriptor)):
        raise SourceChanged(f"{path} changed while it was being read")


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _digest_plain(descriptor: int, sink: Sink | None) -> Digests:
    sha, blake, size_bytes = hashlib.sha256(), blake3.blake3(), 0
    buffer = memoryview(bytearray(BUFFER_BYTES))
    while count := os.readv(descriptor, [buffer]):
        piece = buffer[:count]
        sha.update(piece)
        blake.update(piece)
        if sink is not None:
            sink(piece)
        size_bytes += count
    return Digests(size_bytes, sha.hexdigest(), blake.hexdigest())


def _digest_overlapped(descriptor: int, sink: Sink | None) -> Digests:
    """SHA-256 in a thread of its own, beside reading, BLAKE3 and the sink; two buffers in turn."""
    sha, blake, size_bytes = hashlib.sha256(), blake3.blake3(), 0
    buffers = [memoryview(bytearray(_WIDE_BUFFER_BYTES)) for _ in range(2)]
    pending: Future[None] | None = None
    with ThreadPoolExecutor(1) as thread:
        while True:
            buffer = buffers[0]
            count = os.readv(descriptor, [buffer])
            if pending is not None:
                pending.result()
            if not count:
                return Digests(size_bytes, sha.hexdigest(), blake.hexdigest())
            piece = buffer[:count]
            pending = thread.submit(sha.update, piece)
            blake.update(piece)
            if sink is not None:
                sink(piece)
            size_bytes += count
            buffers.reverse()
