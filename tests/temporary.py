"""Where tests write: in memory where it has room, for on a disk they mostly wait for the disk.

A ``TMPDIR`` that is set is kept. Real disks are not what these tests are about: a process that is
killed loses nothing of either, and failing disks are played.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 6 << 30  # free in it, and of the machine's memory


def prefer_memory() -> None:
    """From now on temporary files of this process and its children are in memory, if they fit."""
    if "TMPDIR" not in os.environ and _has_room():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # whoever has asked before was told another folder


def _has_room() -> bool:
    try:
        there = os.statvfs(MEMORY)
        available = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        return False
    return (
        os.access(MEMORY, os.W_OK)
        and not there.f_flag & os.ST_NOEXEC  # tests write programs, too
        and there.f_bavail * there.f_frsize >= ROOM_BYTES
        and available is not None
        and int(available[1]) << 10 >= ROOM_BYTES
    )
