"""What the scanning process is told and what it answers: lines of JSON, checked when they arrive.

The answer is a stranger's: every field is compared with what it may be, every length bounded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.scan.codes import CODES
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.limits import (
    MAX_MESSAGE_CHARS,
    MAX_PLACE_CHARS,
    MAX_REASONS_OF_A_FILE,
    Limits,
)
from paddock.checkpoint.scan.report import Reason, ScannedFile

MAX_LINE_BYTES = 8 << 20
_KEYS = 3  # of a reason
_KINDS = frozenset(map(str, Kind))


class Nonsense(Exception):
    """The scanning process said something that it never says."""


class Job(NamedTuple):
    """Files to scan; those at the indexes in ``done`` only count in comparisons, or not at all."""

    entries: tuple[Entry, ...]
    done: frozenset[int]
    broken: frozenset[int]  # a process ended at these
    limits: Limits
    folder: Path


class Begun(NamedTuple):
    """The file at this place of the list is being scanned now."""

    place: int


class Finished(NamedTuple):
    """What was found in the file at this place."""

    place: int
    file: ScannedFile


class Compared(NamedTuple):
    """What all files together show; the last line."""

    reasons: tuple[Reason, ...]


Answer = Begun | Finished | Compared


def render_job(job: Job) -> bytes:
    """The one line that the process reads."""
    told = {
        "entries": [[entry.path, str(entry.file)] for entry in job.entries],
        "done": sorted(job.done),
        "broken": sorted(job.broken),
        "limits": job.limits.to_dict(),
        "folder": str(job.folder),
    }
    return json.dumps(told).encode() + b"\n"


def parse_job(line: bytes) -> Job:
    """The job out of that line, which is ours and trusted."""
    told = json.loads(line)
    return Job(
        tuple(Entry(path, Path(file)) for path, file in told["entries"]),
        frozenset(told["done"]),
        frozenset(told["broken"]),
        Limits(**told["limits"]),
        Path(told["folder"]),
    )


def render_answer(answer: Answer) -> bytes:
    """One line of the answer."""
    match answer:
        case Begun(place):
            told: dict[str, Any] = {"begun": place}
        case Finished(place, file):
            told = {"finished": place, "kind": file.kind, "size_bytes": file.size_bytes}
            told["reasons"] = [list(reason) for reason in file.reasons]
        case Compared(reasons):
            told = {"compared": [list(reason) for reason in reasons]}
    return json.dumps(told).encode() + b"\n"


def parse_answer(line: bytes, entries: Sequence[Entry]) -> Answer:
    """The line's meaning; raises ``Nonsense``."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise Nonsense from None
    if not isinstance(told, dict):
        raise Nonsense
    if told.keys() == {"begun"}:
        return Begun(_index(told["begun"], entries))
    if told.keys() == {"compared"}:
        return Compared(_reasons(told["compared"]))
    if told.keys() != {"finished", "kind", "size_bytes", "reasons"}:
        raise Nonsense
    index, kind, size = _index(told["finished"], entries), told["kind"], told["size_bytes"]
    if type(kind) is not str or kind not in _KINDS or type(size) is not int or size < 0:
        raise Nonsense
    return Finished(index, ScannedFile(entries[index].path, kind, size, _reasons(told["reasons"])))


def _index(value: object, entries: Sequence[Entry]) -> int:
    if type(value) is not int or not 0 <= value < len(entries):
        raise Nonsense
    return value


def _reasons(value: object) -> tuple[Reason, ...]:
    if not isinstance(value, list) or len(value) > MAX_REASONS_OF_A_FILE:
        raise Nonsense
    return tuple(_reason(item) for item in value)


def _reason(value: object) -> Reason:
    if not isinstance(value, list) or len(value) != _KEYS:
        raise Nonsense
    if any(type(item) is not str for item in value):
        raise Nonsense
    code, place, message = value
    if code not in CODES or len(place) > MAX_PLACE_CHARS or len(message) > MAX_MESSAGE_CHARS:
        raise Nonsense
    return Reason(code, place, message)
