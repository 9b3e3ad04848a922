"""A file on its way in: written under a temporary name, then moved to its place whole.

Knows the file system's rules for durable writes; does not know digests or what the bytes mean. A
crash at any moment leaves either no file at the final name or the whole one. The temporary file is
locked (flock) while its writer lives, so leftovers of dead writers can be told from slow ones.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from pathlib import Path

from paddock.storage.errors import os_errors

LEFTOVER_SECONDS = 3600  # a file this old whose writer is gone
FLUSH_BYTES = 32 << 20


class StagedFile:
    """A new file that nobody sees until ``publish``; ``discard`` when in doubt."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / secrets.token_hex(16)
        self._written_bytes = self._flushed_bytes = 0
        with os_errors("storing a file"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._fd = os.open(self._path, flags, 0o600)
        with contextlib.suppress(OSError):  # without locks leftovers stay, nothing worse
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, chunk: bytes | memoryview) -> None:
        """Append all of ``chunk``, without another copy of it."""
        rest = memoryview(chunk).cast("B")
        self._written_bytes += len(rest)
        with os_errors("storing a file"):
            while rest:
                rest = rest[os.write(self._fd, rest) :]  # a full disk may take only a part
            if self._written_bytes - self._flushed_bytes >= FLUSH_BYTES:
                self._start_flushing()

    def sync(self) -> None:
        """Put the bytes on the medium."""
        with os_errors("storing a file"):
            sync_file(self._fd)

    def publish(self, path: Path) -> None:
        """Appear at ``path`` at once, in place of any file there."""
        with os_errors("storing a file"):
            self._path.replace(path)
            self._close()

    def discard(self) -> None:
        """Forget the bytes; no error after ``publish``."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):  # what cannot be removed now is a leftover
                self._path.unlink()
            self._close()

    def _start_flushing(self) -> None:
        """Let the medium begin now, without waiting, so that ``sync`` has little left to do."""
        if hasattr(os, "posix_fadvise"):
            # Linux starts to write what is dirty in the range, and drops from its cache only what
            # is clean already (mm/fadvise.c): of bytes just written, next to nothing.
            start, length = self._flushed_bytes, self._written_bytes - self._flushed_bytes
            os.posix_fadvise(self._fd, start, length, os.POSIX_FADV_DONTNEED)
        self._flushed_bytes = self._written_bytes

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        os.close(fd)


def sync_file(fd: int) -> None:
    """Through every cache to the medium."""
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync stops at the drive's cache
    if full_sync is None:
        os.fsync(fd)
    else:
        fcntl.fcntl(fd, full_sync)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    with os_errors("storing a file"):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def make_folder(path: Path) -> None:
    """A private folder and its parents, durable; no error when it is there."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with os_errors(f"making {path}"):
        path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what dead writers left in a staging folder, of this process or of another."""
    oldest = time.time() - LEFTOVER_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another server may clean at the same time
            if path.stat().st_mtime < oldest:
                _remove_unlocked(path)


def _remove_unlocked(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while the writer lives
        path.unlink()
    finally:
        os.close(fd)
