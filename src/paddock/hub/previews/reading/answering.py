"""Of a part, the rows that are wanted: those that meet the conditions, in order, one page of them.

Pure. Cells are cut so that an answer has a bounded size, whatever the rows hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddock.hub.previews.answers import Cell, Column, Figures, Holds, Preview, Row
from paddock.hub.previews.questions import PAGE_ROWS, Asks, Condition, Order, Question
from paddock.hub.previews.reading.bounds import (
    ANSWER_CHARS,
    CELL_CHARS,
    ROW_CHARS,
    SHORT_CHARS,
    Unreadable,
)
from paddock.hub.previews.reading.parts import LoadedPart
from paddock.hub.previews.reading.values import Value, cell_of, meets, number_of, text_of


def preview(loaded: LoadedPart, question: Question, figures: tuple[Figures, ...] = ()) -> Preview:
    """The answer; raises Unreadable for a column that is not there."""
    matching: int | None = None
    if question.asks is Asks.ROW:
        places, has_more = _one(loaded, question.row), False
    elif question.asks is Asks.COLUMNS:
        places, has_more = [], False
    elif loaded.is_all_read:
        found = _ordered(loaded, _matching(loaded, question.conditions), question.order)
        start = question.page * PAGE_ROWS
        places, has_more = found[start : start + PAGE_ROWS], start + PAGE_ROWS < len(found)
        matching = len(found)
    else:
        places = list(range(len(loaded.rows)))
        has_more = loaded.first_place + len(loaded.rows) < loaded.part.rows
        matching = loaded.part.rows
    return Preview(
        loaded.columns,
        _rows(loaded, places, ROW_CHARS if question.asks is Asks.ROW else CELL_CHARS),
        loaded.part,
        matching,
        has_more,
        loaded.unreadable,
        loaded.problem,
        loaded.notes,
        figures,
    )


def _one(loaded: LoadedPart, place: int) -> list[int]:
    if not 0 <= place - loaded.first_place < len(loaded.rows):
        raise Unreadable(f"this part of the file has no row {place + 1}")
    return [place - loaded.first_place]


def _column(loaded: LoadedPart, name: str) -> tuple[int, Column]:
    for place, column in enumerate(loaded.columns):
        if column.name == name:
            return place, column
    raise Unreadable(f"there is no column {name}")


def _matching(loaded: LoadedPart, conditions: Sequence[Condition]) -> list[int]:
    places = list(range(len(loaded.rows)))
    for condition in conditions:
        at, column = _column(loaded, condition.column)
        is_met = meets(condition, column)
        places = [place for place in places if is_met(loaded.rows[place][at])]
    return places


def _ordered(loaded: LoadedPart, places: list[int], order: Order | None) -> list[int]:
    """By number where the column holds numbers, else by text; what is odd behind, nothing last."""
    if order is None:
        return places
    at, column = _column(loaded, order.column)
    by_number: list[tuple[Any, int]] = []
    by_text: list[tuple[Any, int]] = []
    nothing = []
    for place in places:
        value: Value = loaded.rows[place][at]
        number = number_of(value) if column.holds is Holds.NUMBER else None
        if value is None:
            nothing.append(place)
        elif number is not None:
            by_number.append((number, place))
        else:
            by_text.append((text_of(value), place))
    ordered = []
    for group in (by_number, by_text):
        group.sort(key=_first, reverse=order.is_descending)
        ordered += [place for _key, place in group]
    return ordered + nothing


def _first(pair: tuple[Any, int]) -> Any:
    return pair[0]


def _rows(loaded: LoadedPart, places: Sequence[int], limit_chars: int) -> tuple[Row, ...]:
    left = ANSWER_CHARS
    rows = []
    for place in places:
        cells: list[Cell] = []
        for value in loaded.rows[place]:
            cell = cell_of(value, limit_chars if left > 0 else SHORT_CHARS)
            left -= len(cell.text)
            cells.append(cell)
        rows.append(Row(loaded.first_place + place, tuple(cells)))
    return tuple(rows)
