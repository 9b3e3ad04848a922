"""Files in, report out: every check of every file, in this process.

Knows the order and what to do when a check fails; the checks are elsewhere. A check that ends in
any way but its own is the reason ``unfinished``. ``isolation`` runs this in a process of its own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.identify import identify
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.looking import HEAD_BYTES, Budget, Look
from paddock.checkpoint.scan.report import Reason, Report, ScannedFile


def scan_entries(entries: Iterable[Entry], limits: Limits | None = None) -> Report:
    """Scan these files in this process; hostile ones belong into ``isolation.scan_isolated``."""
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="paddock-scan-") as folder:
        looks = [_look(entry, limits, Path(folder)) for entry in entries]
        files = tuple(
            ScannedFile(look.name, str(look.kind), look.size_bytes, tuple(check_file(look)))
            for look in looks
        )
        return Report(files, tuple(check_folder(looks)))


def _look(entry: Entry, limits: Limits, folder: Path) -> Look:
    size = entry.file.stat().st_size
    with entry.file.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = identify(entry.file, head, size)
    budget = Budget(limits, folder, time.monotonic() + limits.seconds_for(size))
    return Look(entry.path, kind, entry.file, size, head, budget)


def check_file(look: Look) -> Iterator[Reason]:
    """Every check for this type of file."""
    from paddock.checkpoint.scan import content

    for kinds, check in content.FILE_CHECKS:
        if kinds is None or look.kind in kinds:
            yield from check(look)


def check_folder(looks: Sequence[Look]) -> Iterator[Reason]:
    """Every check of files against each other."""
    from paddock.checkpoint.scan import content

    for check in content.FOLDER_CHECKS:
        yield from check(looks)
