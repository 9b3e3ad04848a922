"""What is told of a part of a file: columns, rows of cells, figures, and how much was read.

Values only. Cells are text by now: whoever shows them escapes them, and computes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Holds(StrEnum):
    """What the values of a column, or one of them, are."""

    NUMBER = "number"
    TRUTH = "truth"
    TEXT = "text"
    TIME = "time"
    BYTES = "bytes"
    NESTED = "nested"
    NOTHING = "nothing"


class Column(NamedTuple):
    """One column; ``type`` is what the file itself calls it, or what its values look like."""

    name: str
    holds: Holds
    type: str


class Cell(NamedTuple):
    """A value as it is shown; ``whole_chars`` is its length where it was cut, else 0."""

    holds: Holds
    text: str
    whole_chars: int = 0


class Row(NamedTuple):
    """A row, and which one of the part it is, from 0."""

    place: int
    cells: tuple[Cell, ...]


class Bar(NamedTuple):
    """How often values between two bounds occur; the bounds as they are shown."""

    low: str
    high: str
    times: int


class Often(NamedTuple):
    """A value and how often it occurs."""

    text: str
    times: int


class Told(NamedTuple):
    """What the file itself says of a column, all of it; texts are None where it says nothing."""

    nulls: int | None
    low: str | None
    high: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted in one column of the part."""

    column: int
    count: int
    nulls: int
    odd: int  # of a column of numbers: what is no number
    distinct: int
    is_distinct_bounded: bool  # there are more than were counted
    low: str | None
    high: str | None
    mean: str | None
    often: tuple[Often, ...]
    bars: tuple[Bar, ...]
    bars_speak_of: str  # "values", or "lengths" of texts
    told: Told | None


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows were read."""

    start: int
    first_row: int
    rows: int
    next_start: int | None  # where the next part begins, if there is one
    limit_rows: int  # how many rows a part of such a file has at most
    total_rows: int | None  # of the whole file, where it says so

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole file."""
        return self.start == 0 and self.next_start is None


@dataclass(frozen=True, slots=True)
class Preview:
    """An answer."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    part: Part
    matching: int | None  # rows of the part that meet the conditions, where all of it was read
    has_more: bool  # rows of the part, behind this page
    unreadable: int  # rows that could not be read
    problem: str  # what was wrong with the first of them
    notes: tuple[str, ...]  # what else whoever reads it should know
    figures: tuple[Figures, ...] = ()
