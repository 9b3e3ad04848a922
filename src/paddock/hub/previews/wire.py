"""What the reading process is asked and what it says: lines of JSON, checked when they arrive.

What it says is a stranger's: every field is compared with what it may be, every length bounded, and
text that no page could carry is repaired.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any, Final, NamedTuple, TypeVar

from paddock.hub.previews.answers import (
    Bar,
    Cell,
    Column,
    Figures,
    Holds,
    Often,
    Part,
    Preview,
    Row,
    Told,
)
from paddock.hub.previews.formats import Format, Packing
from paddock.hub.previews.questions import (
    PAGE_ROWS,
    Asks,
    Comparison,
    Condition,
    Order,
    Question,
)

LENGTH: Final = struct.Struct("<Q")  # before bytes of the file
MAX_LINE_BYTES: Final = 16 << 20
MAX_SENTENCE_CHARS: Final = 400
_MAX_COLUMNS: Final = 200
_MAX_NOTES: Final = 10
_MAX_BARS: Final = 50
_MAX_NUMBER: Final = 1 << 63
_CODES = {Holds.NUMBER: "n", Holds.TRUTH: "b", Holds.TEXT: "t", Holds.TIME: "d"}
_CODES |= {Holds.BYTES: "y", Holds.NESTED: "j", Holds.NOTHING: "0"}
_HOLDS = {code: holds for holds, code in _CODES.items()}
_T = TypeVar("_T")


class Nonsense(Exception):
    """The reading process said something that it never says."""


class Wants(NamedTuple):
    """Bytes of the file are needed."""

    start: int
    end: int


class Problem(NamedTuple):
    """The question cannot be answered, and why."""

    sentence: str


Reply = Wants | Problem | Preview


def render_question(question: Question) -> bytes:
    """The line that the process reads."""
    return json.dumps(asdict(question)).encode() + b"\n"


def parse_question(line: bytes) -> Question:
    """The question out of that line, which is ours and trusted."""
    told = json.loads(line)
    told["format"], told["asks"] = Format(told["format"]), Asks(told["asks"])
    told["packing"] = Packing(told["packing"])
    conditions = [Condition(c[0], Comparison(c[1]), c[2]) for c in told["conditions"]]
    told["conditions"] = tuple(conditions)
    told["order"] = Order(*told["order"]) if told["order"] else None
    return Question(**told)


def render_reply(reply: Reply) -> bytes:
    """One line of what the process says."""
    match reply:
        case Wants(start, end):
            told: dict[str, Any] = {"wants": [start, end]}
        case Problem(sentence):
            told = {"problem": sentence[:MAX_SENTENCE_CHARS]}
        case _:
            told = {field.name: getattr(reply, field.name) for field in fields(reply)}
            told["rows"] = [_row_told(row) for row in reply.rows]
            told["part"] = asdict(reply.part)
            told["figures"] = [asdict(one) for one in reply.figures]
    return json.dumps(told).encode() + b"\n"


def parse_reply(line: bytes) -> Reply:
    """The line's meaning; raises ``Nonsense``."""
    try:
        told = json.loads(line)
        if not isinstance(told, dict):
            raise Nonsense
        if told.keys() == {"wants"}:
            start, end = told["wants"]
            return Wants(_count(start), _count(end))
        if told.keys() == {"problem"}:
            return Problem(_text(told["problem"], MAX_SENTENCE_CHARS))
        return _preview(told)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Nonsense from None


def _preview(told: dict[str, Any]) -> Preview:
    columns = _all(_column, told["columns"], _MAX_COLUMNS)
    part = _part(told["part"])
    return Preview(
        columns,
        _all(lambda row: _row(row, len(columns)), told["rows"], PAGE_ROWS),
        part,
        _maybe(_count, told["matching"]),
        _truth(told["has_more"]),
        _count(told["unreadable"]),
        _text(told["problem"], MAX_SENTENCE_CHARS),
        _all(lambda note: _text(note, MAX_SENTENCE_CHARS), told["notes"], _MAX_NOTES),
        _all(lambda one: _figures(one, len(columns)), told["figures"], _MAX_COLUMNS),
    )


def _row_told(row: Row) -> list[Any]:
    cells: list[list[Any]] = []
    for cell in row.cells:
        told: list[Any] = [_CODES[cell.holds], cell.text]
        cells.append([*told, cell.whole_chars] if cell.whole_chars else told)
    return [row.place, cells]


def _row(told: Any, width: int) -> Row:
    place, cells = told
    if len(cells) != width:
        raise Nonsense
    return Row(_count(place), tuple(map(_cell, cells)))


def _cell(told: Any) -> Cell:
    code, text, *whole = told
    return Cell(_HOLDS[code], _text(text), _count(whole[0]) if whole else 0)


def _column(told: Any) -> Column:
    name, holds, type_ = told
    return Column(_text(name, MAX_SENTENCE_CHARS), Holds(holds), _text(type_, MAX_SENTENCE_CHARS))


def _part(told: Any) -> Part:
    return Part(
        _count(told["start"]),
        _count(told["first_row"]),
        _count(told["rows"]),
        _maybe(_count, told["next_start"]),
        _count(told["limit_rows"]),
        _maybe(_count, told["total_rows"]),
    )


def _figures(told: Any, width: int) -> Figures:
    column = _count(told["column"])
    if column >= width:
        raise Nonsense
    return Figures(
        column,
        _count(told["count"]),
        _count(told["nulls"]),
        _count(told["odd"]),
        _count(told["distinct"]),
        _truth(told["is_distinct_bounded"]),
        _maybe(_sentence, told["low"]),
        _maybe(_sentence, told["high"]),
        _maybe(_sentence, told["mean"]),
        _all(lambda one: Often(_sentence(one[0]), _count(one[1])), told["often"], _MAX_BARS),
        _all(_bar, told["bars"], _MAX_BARS),
        _sentence(told["bars_speak_of"]),
        _maybe(_told, told["told"]),
    )


def _bar(told: Any) -> Bar:
    low, high, count = told
    return Bar(_sentence(low), _sentence(high), _count(count))


def _told(told: Any) -> Told:
    nulls, low, high = told
    return Told(_maybe(_count, nulls), _maybe(_sentence, low), _maybe(_sentence, high))


def _all(read: Callable[[Any], _T], told: Any, most: int) -> tuple[_T, ...]:
    if not isinstance(told, list) or len(told) > most:
        raise Nonsense
    return tuple(read(one) for one in told)


def _maybe(read: Callable[[Any], _T], told: Any) -> _T | None:
    return None if told is None else read(told)


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise Nonsense
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _MAX_NUMBER:
        raise Nonsense
    return value


def _sentence(value: Any) -> str:
    return _text(value, MAX_SENTENCE_CHARS)


def _text(value: Any, most: int | None = None) -> str:
    if type(value) is not str or (most is not None and len(value) > most):
        raise Nonsense
    return value.encode("utf-8", "replace").decode()
