"""Scans in the test's own process: bytes under a name in, report or codes out."""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Report
from paddock.checkpoint.scan.scanning import scan_entries


def scanned(folder: Path, files: dict[str, bytes], limits: Limits | None = None) -> Report:
    """The report on these files, written into ``folder``."""
    entries = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        entries.append(Entry(name, path))
    return scan_entries(entries, limits)


def codes(folder: Path, name: str, content: bytes, limits: Limits | None = None) -> set[str]:
    """The codes of every reason that one file gives."""
    return {reason.code for reason in scanned(folder, {name: content}, limits).reasons}
