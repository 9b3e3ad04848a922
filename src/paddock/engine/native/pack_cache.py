"""The folder of packed weights: each checkpoint is packed once, not at every start.

Knows names, turns and room, not what is in the files (``packed_file``). Bounded in bytes: the one
that was used longest ago goes first; processes that have it mapped keep it. Nothing here is needed:
whatever is wrong with folder or disk, weights are packed into this process's memory instead, and
that is said once.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.engine.errors import LoadingStopped
from paddock.engine.native.packed_file import map_packed, remove_abandoned, write_packed
from paddock.log import get_logger

Bytes = NDArray[np.uint8]
Pack = Callable[[], Iterable[memoryview]]

SUFFIX: Final = ".packed"
WAIT_SECONDS: Final = 600  # for another process that packs the same
_LOOK_SECONDS: Final = 0.05
_SPARE_BYTES: Final = 256 << 20  # that are left free on the disk
_NAME_DIGITS: Final = 40


class PackCache(NamedTuple):
    """Where packed weights are kept, and how many bytes of them."""

    folder: Path
    limit_bytes: int


class _NotKept(Exception):
    """Why packed weights cannot be kept on disk, in words."""


def load_packed(
    packed: PackCache | None,
    identity: bytes,
    size_bytes: int,
    pack: Pack,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Bytes:
    """The bytes of a plan: mapped, if need be after packing; without a cache, in memory.

    Raises LoadingStopped once it is, while it waits for another process; otherwise ``pack`` does.
    """
    if packed is None:
        return in_memory(size_bytes, pack())
    path = packed.folder / (identity.hex()[:_NAME_DIGITS] + SUFFIX)
    try:
        _check_folder(packed.folder)
        found = _mapped(path, identity, size_bytes)
        if found is not None:
            return found
        with _turn(path, is_stopped):
            found = _mapped(path, identity, size_bytes)  # somebody was faster
            if found is not None:
                return found
            _make_room(packed, size_bytes, path)
            return write_packed(path, identity, size_bytes, pack())
    except (OSError, _NotKept) as e:
        reason = str(e) if isinstance(e, _NotKept) else (e.strerror or str(e)).lower()
        _say_once(str(packed.folder), reason)
    return in_memory(size_bytes, pack())


def in_memory(size_bytes: int, pieces: Iterable[memoryview]) -> Bytes:
    """The same bytes in huge pages of this process alone; raises MemoryError."""
    try:
        mapping = mmap.mmap(-1, size_bytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as e:
        raise MemoryError(f"no {size_bytes:,} bytes of memory: {e.strerror}") from e
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            mapping.madvise(mmap.MADV_HUGEPAGE)
    content, at = np.frombuffer(mapping, np.uint8), 0
    for piece in pieces:
        content[at : at + len(piece)] = piece
        at += len(piece)
    content.flags.writeable = False
    return content


def _mapped(path: Path, identity: bytes, size_bytes: int) -> Bytes | None:
    found = map_packed(path, identity, size_bytes)
    if found is not None:
        with suppress(OSError):  # removed meanwhile, or a read-only disk: the mapping is good
            os.utime(path)  # the time of last use
    return found


def _check_folder(folder: Path) -> None:
    """A folder that nobody else may write to, or name files in."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _NotKept("others own the folder or may write to it")


@contextmanager
def _turn(path: Path, is_stopped: Callable[[], bool]) -> Iterator[None]:
    """One process packs a file at a time; the system frees the turn of one that dies."""
    lock = path.with_suffix(".lock")
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_nlink:
                break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise _NotKept("another process has been packing the same for too long") from None
            time.sleep(_LOOK_SECONDS)
        os.close(descriptor)
        if is_stopped():
            raise LoadingStopped("loading was stopped")
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


class _Kept(NamedTuple):
    used_ns: int
    size_bytes: int
    path: Path


def _make_room(packed: PackCache, size_bytes: int, path: Path) -> None:
    """Remove what was used longest ago until ``size_bytes`` more fit, if they can."""
    remove_abandoned(packed.folder)
    if size_bytes > packed.limit_bytes:
        raise _NotKept(f"{size_bytes:,} bytes are more than the {packed.limit_bytes:,} allowed")
    kept = sorted(each for each in _kept(packed.folder) if each.path != path)
    total = sum(each.size_bytes for each in kept)
    free = shutil.disk_usage(packed.folder).free
    needed = size_bytes + _SPARE_BYTES
    if free + total < needed:
        raise _NotKept(f"the disk has {free:,} bytes left, {needed:,} are needed")
    for each in kept:
        if total + size_bytes <= packed.limit_bytes and free >= needed:
            return
        each.path.unlink(missing_ok=True)
        total, free = total - each.size_bytes, free + each.size_bytes


def _kept(folder: Path) -> Iterator[_Kept]:
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode):
            yield _Kept(status.st_mtime_ns, status.st_size, path)


@cache
def _say_once(folder: str, reason: str) -> None:
    get_logger("engine").warning(
        "packed weights are not kept: this process holds its own, and starts slower",
        folder=folder,
        reason=reason,
    )
