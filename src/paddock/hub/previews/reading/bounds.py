"""How much of a file is read for one question, and how much of it is kept."""

from __future__ import annotations

from typing import Final

MAX_COLUMNS: Final = 200
MAX_NAME_CHARS: Final = 200
PART_ROWS: Final = 50_000
PART_CELLS: Final = 1_000_000
WINDOW_BYTES: Final = 8 << 20  # of text that are read for a part
KEPT_BYTES: Final = 64 << 20  # of a part's values
MAX_VALUE_CHARS: Final = 1_000_000  # what is behind them is not kept
FETCHED_BYTES: Final = 192 << 20  # of the file, for one question
UNPACKED_BYTES: Final = 64 << 20  # of a packed file: nobody can begin in its middle
UNPACKING_WINDOW_BYTES: Final = 128 << 20  # that a file may claim to need for it
FOOTER_BYTES: Final = 16 << 20
MEMORY_BYTES: Final = 768 << 20  # over what the interpreter and the readers themselves take
SECONDS: Final = 15.0  # for one question
PROCESSOR_SECONDS: Final = 120  # for all questions of a process
IDLE_SECONDS: Final = 60.0

CELL_CHARS: Final = 400
NESTED_CHARS: Final = 400
ROW_CHARS: Final = 100_000  # of a cell, where one row is asked for
ANSWER_CHARS: Final = 1_500_000  # of all cells together: what is behind them is cut short
SHORT_CHARS: Final = 60


def rows_of(columns: int) -> int:
    """How many rows a part has at most."""
    return max(100, min(PART_ROWS, PART_CELLS // max(columns, 1)))


class Unreadable(Exception):
    """The file cannot be shown; the message is a sentence for people."""
