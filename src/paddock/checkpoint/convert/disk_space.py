"""Whether the destination's disk has room for a plan, before anything is written."""

from __future__ import annotations

import os
from pathlib import Path

from paddock.checkpoint.errors import TooLittleSpace


def check_space(destination: Path, size_bytes: int) -> None:
    """Raise TooLittleSpace when so many bytes do not fit where ``destination`` will be."""
    place = next(parent for parent in destination.resolve().parents if parent.exists())
    disk = os.statvfs(place)
    free_bytes = disk.f_bavail * disk.f_frsize
    if size_bytes > free_bytes:
        raise TooLittleSpace(
            f"{destination} would take {size_bytes:,} bytes, and {free_bytes:,} are free there",
            hint="free some space, or name another place",
        )
