"""What a scan found: reasons with a code, a place and what to do, and one verdict from them all.

Values only. A scan that did not finish always holds a reason that says so, at the level of a
rejection; so a verdict is never ``clean`` by silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from paddock.checkpoint.scan.codes import CODES, Level


class Verdict(StrEnum):
    """What to do with what was scanned: take it, let a person look first, or refuse it."""

    CLEAN = "clean"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Reason(NamedTuple):
    """One thing that was found. ``place`` is ``file``, ``archive!member`` or ``file@byte``."""

    code: str  # a key of CODES
    place: str
    message: str  # one sentence with the offending value

    @property
    def level(self) -> Level:
        return CODES[self.code].level

    @property
    def advice(self) -> str:
        return CODES[self.code].advice

    def to_dict(self) -> dict[str, Any]:
        return {"level": str(self.level), **self._asdict(), "advice": self.advice}


class ScannedFile(NamedTuple):
    """A file that was looked at, and what its bytes are."""

    path: str  # relative to what was scanned, always with /
    kind: str  # a value of identify.Kind
    size_bytes: int
    reasons: tuple[Reason, ...]

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.reasons)


class Opinion(NamedTuple):
    """What another scanner said of a file, recorded whatever it was."""

    scanner: str
    version: str
    place: str
    said: str  # clean, skipped, suspicious, dangerous, unfinished
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a scan found: file by file, and what only all of them together show."""

    files: tuple[ScannedFile, ...]
    across: tuple[Reason, ...] = ()  # contradictions between files; no single file is at fault
    opinions: tuple[Opinion, ...] = ()  # of other scanners, where they were asked for

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return (*(r for file in self.files for r in file.reasons), *self.across)

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.reasons)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON; the worst reasons first."""
        worst_first = sorted(self.reasons, key=lambda reason: reason.level.rank)
        return {
            "verdict": str(self.verdict),
            "reasons": [reason.to_dict() for reason in worst_first],
            "files": [
                {
                    "path": file.path,
                    "kind": file.kind,
                    "size_bytes": file.size_bytes,
                    "verdict": str(file.verdict),
                }
                for file in self.files
            ],
            "second_opinions": [opinion._asdict() for opinion in self.opinions],
        }


def verdict_of(reasons: tuple[Reason, ...]) -> Verdict:
    """The worst of the reasons decides; warnings leave a file clean."""
    levels = {reason.level for reason in reasons}
    if Level.REJECT in levels:
        return Verdict.REJECT
    return Verdict.QUARANTINE if Level.QUARANTINE in levels else Verdict.CLEAN
