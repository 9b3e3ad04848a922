"""What is asked of a file: which part of it, and of the part's rows which, in what order.

Values only. A part is a run of rows with bounds that ``reading`` knows: it begins at a row of
Parquet, or at a byte of text, and conditions, orders and figures speak of it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from paddock.hub.previews.formats import Format, Packing

PAGE_ROWS = 100


class Comparison(StrEnum):
    """What a condition asks of a value."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    CONTAINS = "contains"
    IS_NULL = "is null"
    IS_NOT_NULL = "is not null"

    @property
    def takes_value(self) -> bool:
        return self not in {Comparison.IS_NULL, Comparison.IS_NOT_NULL}


class Condition(NamedTuple):
    """One column's value, tested; ``value`` is empty where the test takes none."""

    column: str
    test: Comparison
    value: str = ""


class Order(NamedTuple):
    """By which column, and which way; nothing comes last either way."""

    column: str
    is_descending: bool = False


class Asks(StrEnum):
    """What the answer tells."""

    ROWS = "rows"
    ROW = "row"  # one, with its long values whole
    COLUMNS = "columns"  # their figures


@dataclass(frozen=True, slots=True)
class Question:
    """All of it."""

    format: Format
    size_bytes: int
    start: int = 0  # of the part: a row of Parquet, a byte of text
    first_row: int = 0  # the number of its first row, as far as whoever asks knows
    page: int = 0
    row: int = 0  # which one of the part, where one is asked for
    conditions: tuple[Condition, ...] = ()
    order: Order | None = None
    asks: Asks = Asks.ROWS
    packing: Packing = Packing.NONE  # then bytes of text are those that were unpacked
