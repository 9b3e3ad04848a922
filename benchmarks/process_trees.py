"""What a process and all that it started spend: processor time, and memory by proportional share.

Shared pages count once, divided among those that share them (proc(5), ``smaps_rollup``), so a
server of one process and one of five can be compared.
"""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path

_PROPORTIONAL = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def tree_of(pid: int) -> list[int]:
    """The process and its descendants that are alive."""
    parents: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdecimal() and (told := _fields(int(path.name))):
            parents[int(path.name)] = int(told[1])
    tree, found = [pid], [pid]
    while found:
        found = [child for child, parent in parents.items() if parent in found]
        tree += found
    return tree


def cpu_seconds_of(pid: int) -> float:
    """User and system mode of the tree, children that ended included."""
    found = [_fields(each) for each in tree_of(pid)]
    ticks = sum(int(value) for fields in found if fields for value in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_until_calm(pid: int) -> None:
    """Return when the tree has started: it spends next to nothing for a while."""
    before = cpu_seconds_of(pid)
    while True:
        time.sleep(0.5)
        now = cpu_seconds_of(pid)
        if now - before < 0.03:
            return
        before = now


def memory_bytes_of(pid: int) -> int:
    """What the tree holds now."""
    total = 0
    for each in tree_of(pid):
        try:
            found = _PROPORTIONAL.search(Path(f"/proc/{each}/smaps_rollup").read_text())
        except OSError:  # it ended meanwhile
            continue
        total += int(found[1]) * 1024 if found else 0
    return total


class TreeWatch:
    """The most memory of a process's tree above what it was at the beginning."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.idle_bytes = self._peak = memory_bytes_of(pid)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> TreeWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def over_idle_bytes(self) -> int:
        return self._peak - self.idle_bytes

    def _watch(self) -> None:
        while not self._stopped.wait(0.1):
            self._peak = max(self._peak, memory_bytes_of(self._pid))


def _fields(pid: int) -> list[str] | None:
    """The fields of ``stat`` after the name, beginning with the state."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
