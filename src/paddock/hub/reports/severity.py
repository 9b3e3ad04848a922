"""How bad a finding is, by a published scale, and how soon something has to happen.

Pure, and documentation: ``docs/reports.md`` shows this very table, and a test compares. Impact is
what follows when the model does it; ease is what it takes to make it do so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple


class Impact(StrEnum):
    """What follows, from least to worst."""

    MINOR = "minor"
    MODERATE = "moderate"
    SERIOUS = "serious"
    SEVERE = "severe"


class Ease(StrEnum):
    """What it takes, from most to least."""

    HARD = "hard"
    SKILLED = "skilled"
    EASY = "easy"
    UNASKED = "unasked"


class Severity(StrEnum):
    """How bad, from least to worst."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


IMPACT_MEANS: Final = {
    Impact.MINOR: "an annoyance: nobody is harmed, nobody decides by it",
    Impact.MODERATE: "somebody is misled, slighted or put to cost, and it can be put right",
    Impact.SERIOUS: "somebody is harmed, or a secret, right or system of theirs is lost",
    Impact.SEVERE: "lives, many people, or what cannot be put right",
}
EASE_MEANS: Final = {
    Ease.HARD: "days of work, special access, or luck",
    Ease.SKILLED: "knowledge of attacks, or a text made for it",
    Ease.EASY: "anybody who asks for it, in plain words",
    Ease.UNASKED: "nobody asks: it happens in honest use",
}

_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity
# By impact; within, by ease in the order above.
_SCALE: Final = {
    Impact.MINOR: (_LOW, _LOW, _LOW, _MEDIUM),
    Impact.MODERATE: (_LOW, _MEDIUM, _MEDIUM, _HIGH),
    Impact.SERIOUS: (_MEDIUM, _HIGH, _HIGH, _CRITICAL),
    Impact.SEVERE: (_HIGH, _HIGH, _CRITICAL, _CRITICAL),
}


class Clock(NamedTuple):
    """Days from the day of the report until it must have an answer, and a fix."""

    respond_days: int
    fix_days: int


CLOCKS: Final = {
    Severity.CRITICAL: Clock(1, 7),
    Severity.HIGH: Clock(3, 30),
    Severity.MEDIUM: Clock(7, 90),
    Severity.LOW: Clock(14, 180),
}
UNKNOWN: Final = Severity.MEDIUM  # of a report whose writer does not say


def severity_of(impact: Impact, ease: Ease) -> Severity:
    """What the scale says."""
    return _SCALE[impact][list(Ease).index(ease)]


def respond_by(severity: Severity, created_at: datetime) -> datetime:
    """When somebody must have looked at a report of that day."""
    return created_at + timedelta(days=CLOCKS[severity].respond_days)


def fix_by(severity: Severity, created_at: datetime) -> datetime:
    """When it must be right again."""
    return created_at + timedelta(days=CLOCKS[severity].fix_days)


def scale_lines() -> Iterator[str]:
    """The scale as a table in Markdown."""
    yield "| impact | " + " | ".join(f"`{ease}`" for ease in Ease) + " |"
    yield "|---" * (len(Ease) + 1) + "|"
    for impact, row in _SCALE.items():
        yield f"| `{impact}` | " + " | ".join(row) + " |"


def clock_lines() -> Iterator[str]:
    """The deadlines as a table in Markdown."""
    yield "| severity | answered within | fixed within |"
    yield "|---|---|---|"
    for severity, clock in CLOCKS.items():
        days = f"{clock.respond_days} day{'' if clock.respond_days == 1 else 's'}"
        yield f"| `{severity}` | {days} | {clock.fix_days} days |"
