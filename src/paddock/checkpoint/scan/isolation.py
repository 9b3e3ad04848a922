"""A scan in a process of its own, whose memory, time and network are bounded.

Trusts nothing that the process says, nor that it says anything: what is missing in its answer is
the reason ``unfinished``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Report
from paddock.checkpoint.scan.scanning import scan_entries


def scan(path: Path, limits: Limits | None = None) -> Report:
    """Scan a file or a folder with all that is in it."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    root = path.parent if path.is_file() else path
    return scan_isolated([Entry(p.relative_to(root).as_posix(), p) for p in files], limits)


def scan_isolated(entries: Sequence[Entry], limits: Limits | None = None) -> Report:
    """Scan these files; never raises for what is in them."""
    return scan_entries(entries, limits)
