"""What the scanning process gives up before it looks at anything: network, memory, time, writing.

Linux's means (prctl(2), unshare(2), setrlimit(2)), each where the system permits it; what it does
not permit is passed over, since the parent's clock and the readers' own bounds hold without it.
Beside them an audit hook of Python's (PEP 578): after this, opening a socket, starting a process or
writing outside of the one folder is an exception, whoever asks.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paddock.checkpoint.scan.limits import Limits

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_OPEN_FILES = 256
_FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn",
    "os.kill", "os.putenv", "os.link", "os.symlink", "os.setxattr", "pickle.find_class",
    "ctypes.dlopen", "webbrowser.", "urllib.", "ftplib.", "smtplib.",
)  # fmt: skip
_CHANGING = frozenset(
    {"os.mkdir", "os.rmdir", "os.remove", "os.rename", "os.truncate", "os.chmod", "os.chown"}
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def confine(
    folder: Path, limits: Limits, largest_bytes: int, total_bytes: int, *, is_kept: bool = False
) -> None:
    """Give everything up; ``largest_bytes`` is mapped at most, ``total_bytes`` is read.

    ``is_kept``: the thread that started the process may end before it.
    """
    _leave_network(is_kept=is_kept)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_FSIZE, limits.unpacked_bytes)
    _lower(resource.RLIMIT_CPU, int(limits.seconds_for(total_bytes)) + limits.seconds)
    size_bytes, private_bytes = _own_memory()
    _lower(resource.RLIMIT_DATA, private_bytes + limits.memory_bytes)
    # Files are mapped to be read: that takes addresses, no memory.
    _lower(resource.RLIMIT_AS, size_bytes + limits.memory_bytes + 2 * largest_bytes)
    sys.addaudithook(_auditor(str(folder.resolve())))


def _leave_network(*, is_kept: bool) -> None:
    """A network without a way out, no new privileges, and no life beyond the parent's."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if not is_kept:  # the system means the thread that started it
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(_CLONE_NEWNET):
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    except (OSError, AttributeError):
        return  # another system than Linux


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _own_memory() -> tuple[int, int]:
    """Bytes of addresses, and of memory of its own, that the process takes now (proc(5), statm)."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 2 << 30, 1 << 30
    page_bytes = resource.getpagesize()
    return int(fields[0]) * page_bytes, int(fields[5]) * page_bytes


def _auditor(folder: str) -> Callable[[str, tuple[Any, ...]], None]:
    def is_outside(path: Any) -> bool:
        return isinstance(path, int) or not os.fsdecode(path).startswith(folder + os.sep)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(f"{event} is not for a scan")
        if event in _CHANGING and is_outside(arguments[0]):
            raise PermissionError("a scan changes nothing")
        if event == "open" and not isinstance(arguments[0], int):
            path, mode, flags = arguments
            writes = any(letter in (mode or "") for letter in "wax+") or bool(flags & _WRITING)
            if writes and is_outside(path):
                raise PermissionError("a scan writes nothing")

    return refuse
