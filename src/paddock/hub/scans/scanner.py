"""The scanner as the hub uses it: contents in, what was found in each out, whatever happens inside.

Knows how files are called and put together for one process of the scanner, and which version of it
looks. A file that takes its process down takes nothing else with it: what a process left unfinished
is looked at again alone, and what is missing in its answer was not finished.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from paddock import __version__, checkpoint
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.report import Reason, Report, ScannedFile
from paddock.hub.scans.verdicts import UNFINISHED

_DIGEST_CHARS = 12


class Item(NamedTuple):
    """A content on disk; ``name`` is the last part of its path."""

    name: str
    file: Path


@functools.cache
def version() -> str:
    """Which scanner this is: it changes with every change of the readers and the checks."""
    digest = hashlib.sha256()
    room = Path(checkpoint.__file__).parent
    for path in sorted(room.rglob("*.py")):
        digest.update(path.relative_to(room).as_posix().encode())
        digest.update(path.read_bytes())
    return f"{__version__[:20]}-{digest.hexdigest()[:_DIGEST_CHARS]}"


def scan_items(items: Sequence[Item]) -> list[ScannedFile]:
    """What was found in each item, in order, under its own name."""
    found = _scan_together(items)
    if len(items) == 1:
        return found
    return [
        _scan_together([item])[0] if _is_unfinished(one) else one
        for item, one in zip(items, found, strict=True)
    ]


def compare_items(items: Sequence[Item]) -> tuple[Reason, ...]:
    """What the items, under their paths, say together that none of them says alone."""
    return compare([Entry(item.name, item.file) for item in items])


def compare(entries: Sequence[Entry]) -> tuple[Reason, ...]:
    """What these files say together, looked at by a process of its own."""
    from paddock.checkpoint.scan.isolation import compare_isolated

    return compare_isolated(entries)


def scan(entries: Sequence[Entry]) -> Report:
    """What is in these files, looked at by a process of its own."""
    from paddock.checkpoint.scan.isolation import scan_isolated  # much that a server never needs

    return scan_isolated(entries)


def _scan_together(items: Sequence[Item]) -> list[ScannedFile]:
    # Equal names are told apart by a folder, which is in no answer of ours.
    places = [f"{number}/{item.name}" for number, item in enumerate(items)]
    entries = [Entry(place, item.file) for place, item in zip(places, items, strict=True)]
    report = scan(entries)
    told = {file.path: file for file in report.files}
    return [
        _renamed(told[place], place, item.name) if place in told else _missing(item)
        for place, item in zip(places, items, strict=True)
    ]


def _renamed(file: ScannedFile, place: str, name: str) -> ScannedFile:
    reasons = tuple(
        reason._replace(place=reason.place.replace(place, name, 1)) for reason in file.reasons
    )
    return file._replace(path=name, reasons=reasons)


def _missing(item: Item) -> ScannedFile:
    reason = Reason(UNFINISHED, item.name, "the scan ended before it came to this file")
    return ScannedFile(item.name, "unknown", 0, (reason,))


def _is_unfinished(file: ScannedFile) -> bool:
    return any(reason.code == UNFINISHED for reason in file.reasons)
