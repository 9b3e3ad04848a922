"""What one code of a scan is: how bad, what it means, and the next step.

Knows no code itself; the sections beside it name them.
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
        """The place in the order of badness; 0 is the worst."""
        return list(Level).index(self)


class Code(NamedTuple):
    """A cause: its level, what it means, and the next step for whoever shares the file."""

    level: Level
    meaning: str
    advice: str
