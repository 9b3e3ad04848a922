"""Packed weights in a file: written once, whole or not at all, and mapped by every process.

A header of one page, then the bytes of a plan. The header has the identity of what was packed and a
digest of itself; sizes follow from the plan and are checked before anything is mapped. A file that
is not exactly that, or not this user's alone, is as good as none: the caller packs again.

Pages are shared, read-only and the page cache's own. Written in pieces of 4 MiB they lie in folios
of 2 MiB on file systems that can (ext4, XFS, Btrfs of current kernels), which is as good as huge
pages: 39 GB/s by one thread, as from anonymous memory, against 32 to 34 from pages of 4 KiB. So
there is no copy in anonymous or shared memory, which every process, or every start, would pay for.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import stat
import struct
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.output_folder import sync_folder

Bytes = NDArray[np.uint8]

MAGIC: Final = b"paddock\0packed\0\0"
LAYOUT: Final = 1  # of this file; that of the panels is in the identity
HEADER_BYTES: Final = 4096
WRITE_BYTES: Final = 4 << 20  # a multiple of the largest folio, at multiples of itself
_FIELDS: Final = struct.Struct("<16sIIQ32s")
_DIGEST_BYTES: Final = 32
_WARM_BYTES: Final = 64 << 20
_POPULATE_READ: Final = 22  # linux/mman.h (5.14); Python 3.11 has no name for it


def map_packed(path: Path, identity: bytes, size_bytes: int) -> Bytes | None:
    """The bytes of a plan in a packed file; None if this is not the file for them.

    The mapping lives as long as the array, also when the file is removed.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not _is_ours(os.fstat(descriptor), size_bytes):
            return None
        if os.pread(descriptor, HEADER_BYTES, 0) != _header(identity, size_bytes):
            return None
        return _mapped(descriptor, size_bytes)
    finally:
        os.close(descriptor)


def write_packed(
    path: Path, identity: bytes, size_bytes: int, pieces: Iterable[memoryview]
) -> Bytes:
    """Write a packed file at ``path``, replacing what is there, and map it; raises OSError.

    Only the renaming makes it visible. A process that is killed leaves a file that
    ``remove_abandoned`` finds.
    """
    with _new_beside(path) as (descriptor, name):
        _write(descriptor, [memoryview(_header(identity, size_bytes))], pieces, size_bytes)
        os.fsync(descriptor)
        name.replace(path)
        sync_folder(path.parent)
        return _mapped(descriptor, size_bytes)


def remove_abandoned(folder: Path) -> None:
    """Remove what writers left that were killed; live ones hold a lock on theirs."""
    for path in folder.glob(".*.partial"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except OSError:
            continue
        finally:
            os.close(descriptor)


def warm(content: Bytes) -> None:
    """Read a mapped file's pages into memory and map them, at the disk's speed and in order."""
    mapping: object = content
    while isinstance(mapping, np.ndarray | memoryview):
        mapping = mapping.base if isinstance(mapping, np.ndarray) else mapping.obj
    if not isinstance(mapping, mmap.mmap):
        return
    for at in range(0, len(mapping), _WARM_BYTES):  # in parts: other threads run in between
        try:
            mapping.madvise(_POPULATE_READ, at, min(_WARM_BYTES, len(mapping) - at))
        except OSError:  # an older kernel: pages come when they are touched
            return


def _is_ours(status: os.stat_result, size_bytes: int) -> bool:
    """A regular file of this user's alone, of exactly this size."""
    is_private = stat.S_ISREG(status.st_mode) and not status.st_mode & 0o077
    is_whole = status.st_size == HEADER_BYTES + size_bytes
    return is_private and is_whole and status.st_uid == os.geteuid()


def _header(identity: bytes, size_bytes: int) -> bytes:
    fields = _FIELDS.pack(MAGIC, LAYOUT, HEADER_BYTES, size_bytes, identity)
    digest = hashlib.sha256(fields).digest()
    return (fields + digest).ljust(HEADER_BYTES, b"\0")


def _mapped(descriptor: int, size_bytes: int) -> Bytes:
    mapping = mmap.mmap(descriptor, HEADER_BYTES + size_bytes, mmap.MAP_SHARED, mmap.PROT_READ)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            mapping.madvise(mmap.MADV_HUGEPAGE)  # read ahead in large folios
    return np.frombuffer(mapping, np.uint8, size_bytes, HEADER_BYTES)


@contextmanager
def _new_beside(path: Path) -> Iterator[tuple[int, Path]]:
    """A new locked file (mode 0600) beside a path; removed unless it was renamed."""
    while True:
        descriptor, name = tempfile.mkstemp(".partial", f".{path.name}.", path.parent)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # else somebody took it for abandoned before the lock
            break
        os.close(descriptor)
    try:
        yield descriptor, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(descriptor)


def _write(
    descriptor: int, waiting: list[memoryview], pieces: Iterable[memoryview], size_bytes: int
) -> None:
    """Header and pieces, in writes of ``WRITE_BYTES`` at multiples of that."""
    held, at, flushing = sum(map(len, waiting)), 0, None
    with ThreadPoolExecutor(1, thread_name_prefix="flushing") as flusher:
        for piece in pieces:
            waiting.append(piece)
            held += len(piece)
            while held >= WRITE_BYTES:
                at += _write_once(descriptor, waiting, at, WRITE_BYTES)
                held -= WRITE_BYTES
            if at and (flushing is None or flushing.done()):
                if flushing:
                    flushing.result()
                flushing = flusher.submit(os.fdatasync, descriptor)  # the disk works meanwhile
        at += _write_once(descriptor, waiting, at, held)
        if flushing:
            flushing.result()
    if at != HEADER_BYTES + size_bytes:
        raise ValueError(f"{at} bytes were packed instead of {HEADER_BYTES + size_bytes}")


def _write_once(descriptor: int, waiting: list[memoryview], at: int, wanted: int) -> int:
    """Take so many bytes off what waits and write them at a place."""
    taken, left = [], wanted
    while left:
        first = waiting[0]
        taken.append(first[:left])
        left -= len(taken[-1])
        if len(taken[-1]) == len(first):
            waiting.pop(0)
        else:
            waiting[0] = first[len(taken[-1]) :]
    while taken:
        written = os.pwritev(descriptor, taken[:1024], at)
        at += written
        while taken and written >= len(taken[0]):
            written -= len(taken.pop(0))
        if written:
            taken[0] = taken[0][written:]
    return wanted
