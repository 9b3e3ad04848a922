"""Every code that a scan can give, how bad it is, and what to do about it.

The one table; ``docs/scan-codes.md`` is made from it. A check names a code and never a level, so
that one cause has one consequence.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad a reason is."""

    REJECT = "reject"
    QUARANTINE = "quarantine"
    WARN = "warn"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class Code(NamedTuple):
    """A cause: its level, what it means, and the next step for whoever shares the file."""

    level: Level
    meaning: str
    advice: str


_R, _Q, _W = Level.REJECT, Level.QUARANTINE, Level.WARN

CODES: dict[str, Code] = {
    "unfinished": Code(
        _R,
        "a check ended before its time, so nothing is known",
        "scan again; report it if it stays",
    ),
    "malformed": Code(_R, "a file breaks its own format", "export it again with its usual tool"),
}
