"""A disk that fails at one of the calls made for files below a folder, counted from 1.

Stands between Python and the system: ``os.open``, ``write``, ``fsync``, ``replace``, ``stat``,
``utime``, ``mkdir`` and ``io.open``. Calls for other files pass uncounted.
"""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any
from unittest import mock


class DiskFault(Enum):
    """How one call goes wrong."""

    FULL = errno.ENOSPC
    BROKEN = errno.EIO
    PARTIAL = 0  # a write takes only a part, as the system may


_BY_PATH = ("open", "replace", "stat", "utime", "mkdir")
_BY_FILE = ("write", "fsync")


@dataclass
class FaultyDisk:
    """The calls that were made, and which one is to fail."""

    folder: str
    fault_at: tuple[int, DiskFault] | None = None
    seen: list[str] = field(default_factory=list)
    _files: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, fault_at: tuple[int, DiskFault] | None = None) -> None:
        """Count from the beginning."""
        with self._lock:
            self.fault_at, self.seen = fault_at, []

    def fault(self, call: str) -> DiskFault | None:
        with self._lock:
            self.seen.append(call)
            at, fault = self.fault_at or (0, None)
            return fault if len(self.seen) == at else None

    def is_ours(self, path: Any) -> bool:
        try:
            return bool(os.fspath(path).startswith(self.folder))
        except TypeError:
            return path in self._files

    def raise_or_go_on(self, call: str) -> DiskFault | None:
        fault = self.fault(call)
        if fault in (DiskFault.FULL, DiskFault.BROKEN):
            raise OSError(fault.value, os.strerror(fault.value))
        return fault

    def by_path(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **options: Any) -> Any:
            if not self.is_ours(path):
                return real(path, *args, **options)
            self.raise_or_go_on(name)
            result = real(path, *args, **options)
            if name == "open":
                self._files.add(result)
            return result

        return call

    def by_file(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(fd: int, *args: Any) -> Any:
            if fd not in self._files:
                return real(fd, *args)
            fault = self.raise_or_go_on(name)
            if fault is DiskFault.PARTIAL and name == "write":
                half = memoryview(args[0])[: max(1, len(args[0]) // 2)]
                return real(fd, half)
            return real(fd, *args)

        return call

    def closing(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def call(fd: int) -> None:
            self._files.discard(fd)
            real(fd)

        return call


@contextmanager
def faulty_disk(folder: Path) -> Iterator[FaultyDisk]:
    """Count and fail the calls for files below ``folder`` until the block ends."""
    disk = FaultyDisk(str(folder))
    stand_ins: dict[str, Any] = {"close": disk.closing(os.close)}
    stand_ins |= {name: disk.by_path(name, getattr(os, name)) for name in _BY_PATH}
    stand_ins |= {name: disk.by_file(name, getattr(os, name)) for name in _BY_FILE}
    opening = mock.patch.object(io, "open", disk.by_path("io.open", io.open))
    with mock.patch.multiple(os, **stand_ins), opening:
        yield disk
