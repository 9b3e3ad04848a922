"""JSON Lines, and JSON that is a list of rows: one value after the other, to the end of a window.

A row is an object, whose keys are columns; anything else is the one column ``value``. JSON that is
one object is taken for the list of objects in it, or, column by column, for lists of equal length;
for that it must fit in a window.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from paddock.hub.previews.formats import Format
from paddock.hub.previews.questions import Question
from paddock.hub.previews.reading.bounds import MAX_COLUMNS, WINDOW_BYTES, Unreadable, rows_of
from paddock.hub.previews.reading.parts import (
    Kept,
    LoadedPart,
    Window,
    named,
    open_window,
    text_part,
    typed_by_value,
)
from paddock.hub.previews.reading.source import Ranges
from paddock.hub.previews.reading.values import value_of

_BETWEEN = re.compile(r"[\s,]*")
_BARE = "value"  # the column of rows that are no objects
_LOOKED_AT = 4096
_decoder = json.JSONDecoder()


class _Item(NamedTuple):
    """A row, or what was wrong with one, and where in the window it ends, in bytes."""

    row: dict[str, Any] | None
    problem: str
    end: int


def load(source: Ranges, question: Question) -> LoadedPart:
    """The part that the question names; raises Unreadable."""
    window = open_window(source, question)
    names: dict[str, None] = {}
    kept, used, rows = Kept(rows_of(1)), 0, []
    for item in _items(source, question, window):
        if item.row is None:
            kept.refuse(item.problem)
        else:
            rows.append(item.row)
            names.update(dict.fromkeys(item.row))
        used = item.end
        if len(rows) >= rows_of(min(len(names), MAX_COLUMNS)):
            break
    else:
        used = len(window.content) if window.is_last else used
    shown = list(names)[:MAX_COLUMNS]
    kept.limit_rows = rows_of(len(shown))
    for row in rows:
        kept.add([value_of(row.get(name)) for name in shown])
    columns = typed_by_value([named(name) for name in shown], kept.rows)
    part = text_part(question, window, kept, used)
    notes = []
    if len(names) > len(shown):
        notes.append(f"{len(names)} keys are in these rows; the first {len(shown)} are shown.")
    return LoadedPart(
        columns, kept.rows, part, 0, True, kept.unreadable, kept.problem, tuple(notes)
    )


def _items(source: Ranges, question: Question, window: Window) -> Iterator[_Item]:
    if question.format is Format.JSON_LINES:
        return _lines(window)
    head = source.range(0, min(_LOOKED_AT, source.size_bytes)).removeprefix(b"\xef\xbb\xbf")
    if head.lstrip().startswith(b"["):
        return _list_items(window, is_first=question.start == 0)
    if question.start > 0 or _is_lines(window):
        return _lines(window)
    return _items_inside(window)


def _lines(window: Window) -> Iterator[_Item]:
    """A value on each line; the last one of a window may go on behind it."""
    content, at, number = window.content, 0, 0
    while at < len(content):
        end = content.find(b"\n", at) + 1
        if not end and not window.is_last:
            return
        end = end or len(content)
        line, at, number = content[at:end], end, number + 1
        if line.strip():
            yield _read(line.decode("utf-8", "replace"), f"line {number}", end)


def _read(text: str, where: str, end: int) -> _Item:
    try:
        return _Item(_row(json.loads(text)), "", end)
    except json.JSONDecodeError as e:
        return _Item(None, f"{where} is no JSON: {e.msg} at character {e.pos + 1}", end)
    except ValueError:
        return _Item(None, f"{where} holds a number with too many digits", end)
    except RecursionError:
        return _Item(None, f"{where} is nested too deep", end)


def _row(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {_BARE: value}


def _list_items(window: Window, *, is_first: bool) -> Iterator[_Item]:
    """The values of a list, which begins or goes on here."""
    text = window.content.decode("utf-8", "surrogateescape")
    at = text.index("[") + 1 if is_first else 0
    used = len(text[:at].encode("utf-8", "surrogateescape"))
    number = 0
    while True:
        found = _BETWEEN.match(text, at)
        start = found.end() if found else at
        if start >= len(text) or text[start] == "]":
            return
        number += 1
        try:
            value, end = _decoder.raw_decode(text, start)
        except RecursionError:
            yield _Item(None, f"value {number} is nested too deep", len(window.content))
            return
        except ValueError:
            if window.is_last:
                yield _Item(None, f"value {number} is no JSON", len(window.content))
            return
        if end == len(text) and not window.is_last:
            return  # a number may go on behind the window
        used += len(text[at:end].encode("utf-8", "surrogateescape"))
        at = end
        yield _Item(_row(value), "", used)


def _is_lines(window: Window) -> bool:
    """Whether the first line is a value of its own, and another one follows."""
    first, _, rest = window.content.partition(b"\n")
    if not rest.lstrip():
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _items_inside(window: Window) -> Iterator[_Item]:
    """The rows in one object."""
    if not window.is_last:
        raise Unreadable(
            f"the file is one JSON object of more than {WINDOW_BYTES >> 20} MiB; a list of rows, "
            "or one row on each line, is shown whatever its size"
        )
    end = len(window.content)
    item = _read(window.content.decode("utf-8", "replace"), "the file", end)
    if item.row is None:
        yield item
        return
    for row in _rows_inside(item.row):
        yield _Item(_row(row), "", end)


def _rows_inside(given: dict[str, Any]) -> list[Any]:
    lists = [value for value in given.values() if isinstance(value, list)]
    if len(lists) == len(given) > 1 and len({len(values) for values in lists}) == 1:
        return [dict(zip(given, row, strict=True)) for row in zip(*lists, strict=True)]
    rows = next((v for v in lists if v and all(isinstance(one, dict) for one in v)), None)
    return rows if rows is not None else [given]
