"""How much memory there is for models: what the machine has free, or what a container allows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SHARE: Final = 0.8  # of what is free when the server starts; the rest is for everything else
_WITHOUT_KNOWING: Final = 4 << 30
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def default_budget_bytes() -> int:
    """A share of the memory that is free now, on the machine and in the container around us."""
    found = [each for each in (_machine_bytes(), _container_bytes()) if each is not None]
    return int(min(found, default=_WITHOUT_KNOWING) * SHARE)


def _machine_bytes() -> int | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:  # not Linux
        return None
    sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return sizes[0] if sizes else None


def _container_bytes() -> int | None:
    """The limit of our control group (version 2), less what is used of it."""
    try:
        limit = (_CGROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return max(0, int(limit) - used) if limit.isdecimal() else None
