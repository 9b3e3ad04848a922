"""How much memory a process may still take: the machine's, and that of its control groups.

Linux tells (``/proc/meminfo``, cgroup version 1 and 2); elsewhere nothing is known and nothing is
refused. Pages of files count as free: the system drops them first, and those of packed weights that
are in memory already need not be read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from paddock.engine.errors import ModelTooLarge

LESS: Final = "use fewer bits (int8, int4), a smaller model, or end other programs"
MAX_FILE_BYTES: Final = 1 << 16
_UNLIMITED: Final = 1 << 60  # what version 1 says for none is near 2^63


class _Names(NamedTuple):
    """What one version of control groups calls its files, and the field of pages of files."""

    limit: str
    used: str
    file_pages: str


_VERSION_1: Final = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache")
_VERSION_2: Final = _Names("memory.max", "memory.current", "file")


def check_fits(what: str, needed_bytes: int, available_bytes: int | None) -> None:
    """Raise ModelTooLarge where ``what`` needs more than there is; None: nothing is known."""
    if available_bytes is not None and needed_bytes > available_bytes:
        raise ModelTooLarge(
            f"{what} needs {_megabytes(needed_bytes)} of memory, "
            f"{_megabytes(available_bytes)} are free",
            hint=LESS,
        )


def available_memory_bytes(root: Path = Path("/")) -> int | None:
    """What can be taken without anything being killed; None where the system does not tell."""
    found = [_of_machine(root), *_of_groups(root)]
    known = [each for each in found if each is not None]
    return min(known, default=None)


def _of_machine(root: Path) -> int | None:
    kilobytes = _fields(root / "proc/meminfo").get("MemAvailable:")
    return None if kilobytes is None else kilobytes * 1024


def _of_groups(root: Path) -> Iterator[int]:
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            yield from _up(root / "sys/fs/cgroup", path, _VERSION_2)
        elif "memory" in controllers.split(","):
            yield from _up(root / "sys/fs/cgroup/memory", path, _VERSION_1)


def _up(mount: Path, path: str, names: _Names) -> Iterator[int]:
    """Of a group and all above it: each has a limit. In a container the mount is the group."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    for depth in range(len(parts), -1, -1):
        group = mount.joinpath(*parts[:depth])
        limit, used = _number(group / names.limit), _number(group / names.used)
        if limit is None or used is None or limit >= _UNLIMITED:
            continue
        yield max(0, limit - used + _fields(group / "memory.stat").get(names.file_pages, 0))


def _number(path: Path) -> int | None:
    text = _read(path).strip()
    return int(text) if text.isdecimal() else None


def _fields(path: Path) -> dict[str, int]:
    rows = (line.split() for line in _read(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) >= 2 and row[1].isdecimal()}


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES).decode("ascii", "replace")
    except OSError:
        return ""


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
