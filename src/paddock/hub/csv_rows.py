"""Rows of a table in CSV, which is no program when somebody opens it.

Pure. A cell that begins like a formula is kept from being one: what strangers wrote must not run in
the program that opens the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def row(cells: Iterable[str | None]) -> bytes:
    """One row, its end included; None is an empty cell."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(cell) for cell in cells])
    return line.getvalue().encode()


def _cell(value: str | None) -> str:
    text = (value or "").replace("\0", "")
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text
