"""What the reading process gives up before it looks at anything: files, network, memory, time.

The bounds of the scanning process hold here, too (``checkpoint.scan.isolated.confinement``). Beside
them Landlock (landlock(7)), where the system has it: after this no file can be opened at all, not
even to be read. What the process needs comes through its pipes.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from paddock.checkpoint.scan.isolated.confinement import confine
from paddock.checkpoint.scan.limits import Limits
from paddock.hub.previews.reading.bounds import MEMORY_BYTES, PROCESSOR_SECONDS

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # calls, by the numbers that newer ones have everywhere
_GET_VERSION = 1
# The rights over files that each version of Landlock knows are the lowest bits, so many of them.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWER_FILE_RIGHTS = 16


def seal() -> None:
    """Give everything up; what the system does not know is passed over."""
    libc = ctypes.CDLL(None, use_errno=True)  # loading it is refused from here on
    ruleset = _no_files(libc)
    limits = Limits(memory_bytes=MEMORY_BYTES, seconds=PROCESSOR_SECONDS // 2, unpacked_bytes=0)
    confine(Path("/nonexistent"), limits, 0, 0, is_kept=True)
    if ruleset >= 0:
        libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
        os.close(ruleset)


def _no_files(libc: ctypes.CDLL) -> int:
    """A set of rules under which no file may be opened: its descriptor, or -1 where none can be."""
    if sys.platform != "linux":
        return -1
    nothing = ctypes.c_size_t(0)
    version = libc.syscall(_CREATE_RULESET, None, nothing, ctypes.c_uint32(_GET_VERSION))
    if version < 1:
        return -1
    rights = ctypes.c_uint64((1 << _FILE_RIGHTS.get(version, _NEWER_FILE_RIGHTS)) - 1)
    size = ctypes.c_size_t(ctypes.sizeof(rights))
    return int(libc.syscall(_CREATE_RULESET, ctypes.byref(rights), size, ctypes.c_uint32(0)))
