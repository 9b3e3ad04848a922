"""What a value is, whatever file it came from: shown as text, compared, tested by a condition.

Pure. A value is None, a truth, a number, a text, or one of the four classes here. Nothing is always
last, and meets no condition but ``is null``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from paddock.hub.previews.answers import Cell, Column, Holds
from paddock.hub.previews.questions import Comparison, Condition
from paddock.hub.previews.reading.bounds import MAX_VALUE_CHARS, Unreadable
from paddock.hub.sizes import size_text

Number = int | float | Decimal

_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_MAX_NUMBER_CHARS = 40
_TRUTHS = {"true": True, "false": False}
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"RIFF", "WebP image or WAV sound"),
    (b"fLaC", "FLAC sound"),
    (b"ID3", "MP3 sound"),
    (b"OggS", "Ogg sound"),
)


class Blob(NamedTuple):
    """Bytes: only how many, and what their beginning looks like."""

    size_bytes: int
    what: str


Value = bool | Number | str | Blob | None


class Moment(str):
    """A date or a time, in ISO's spelling, which sorts as it should."""


class Nested(str):
    """Values in a value, as compact JSON."""

    whole_chars: int


class Cut(str):
    """The beginning of a text that is too long to be kept."""

    whole_chars: int


def value_of(given: Any) -> Value:
    """A Python value, as JSON's and Arrow's readers make them, as one of ours."""
    if given is None or isinstance(given, bool | int | float | Decimal):
        return given
    if isinstance(given, str):
        return bounded(given)
    if isinstance(given, bytes | bytearray | memoryview):
        return blob(bytes(given))
    if _is_media(given):
        return blob(given["bytes"])
    if isinstance(given, dict | list | tuple):
        return _nested(given)
    return Moment(_spelled(given))


def bounded(text: str) -> str:
    """The text, or its beginning."""
    if len(text) <= MAX_VALUE_CHARS:
        return text
    cut = Cut(text[:MAX_VALUE_CHARS])
    cut.whole_chars = len(text)
    return cut


def blob(given: bytes) -> Blob:
    """What is told of bytes."""
    what = next((name for start, name in _PICTURES if given.startswith(start)), "bytes")
    return Blob(len(given), what)


def weight(value: Value) -> int:
    """About how many bytes it takes to keep."""
    return 64 + (len(value) * 2 if isinstance(value, str) else 0)


def number_of(value: Value) -> Number | None:
    """The value as a number that can be compared, or None where it is none."""
    if isinstance(value, bool) or value is None or isinstance(value, Blob):
        return None
    if isinstance(value, str):
        if len(value) > _MAX_NUMBER_CHARS or not _NUMBER.fullmatch(value):
            return None
        return int(value) if value.lstrip("+-").isdigit() else float(value)
    return None if not isinstance(value, int) and math.isnan(value) else value


def text_of(value: Value) -> str:
    """The whole of it, as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Blob):
        return f"{value.what}, {size_text(value.size_bytes)}"
    return str(value)


def holds(value: Value) -> Holds:
    """What one value is."""
    match value:
        case None:
            return Holds.NOTHING
        case bool():
            return Holds.TRUTH
        case int() | float() | Decimal():
            return Holds.NUMBER
        case Blob():
            return Holds.BYTES
        case Moment():
            return Holds.TIME
        case Nested():
            return Holds.NESTED
    return Holds.TEXT


def cell_of(value: Value, limit_chars: int) -> Cell:
    """The value as it is shown."""
    text = text_of(value)
    whole = getattr(value, "whole_chars", len(text))
    if whole <= limit_chars:
        return Cell(holds(value), text)
    return Cell(holds(value), text[:limit_chars], whole)


def meets(condition: Condition, column: Column) -> Callable[[Value], bool]:
    """Whether a value of the column meets the condition; raises Unreadable for one that cannot."""
    test, wanted = condition.test, condition.value
    if test is Comparison.IS_NULL:
        return lambda value: value is None
    if test is Comparison.IS_NOT_NULL:
        return lambda value: value is not None
    if test is Comparison.CONTAINS:
        sought = wanted.casefold()
        return lambda value: value is not None and sought in text_of(value).casefold()
    if column.holds is Holds.NUMBER:
        return _by_number(condition, column)
    if column.holds is Holds.TRUTH and wanted.lower() not in _TRUTHS:
        raise Unreadable(f"the column {column.name} is true or false, and nothing else")
    sought = wanted.lower() if column.holds is Holds.TRUTH else wanted
    compare = _COMPARED[test]
    return lambda value: value is not None and compare(text_of(value), sought)


def _by_number(condition: Condition, column: Column) -> Callable[[Value], bool]:
    bound = number_of(condition.value)
    if bound is None:
        raise Unreadable(
            f"the column {column.name} holds numbers: it cannot be compared with what is none"
        )
    compare = _COMPARED[condition.test]
    exact = Decimal(condition.value)  # 12.3 is not what a float of it is

    def is_met(value: Value) -> bool:
        number = number_of(value)
        if number is None:
            return False
        return compare(number, exact if isinstance(number, Decimal) else bound)

    return is_met


_COMPARED: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: lambda a, b: a == b,
    Comparison.UNEQUAL: lambda a, b: a != b,
    Comparison.LESS: lambda a, b: a < b,
    Comparison.AT_MOST: lambda a, b: a <= b,
    Comparison.GREATER: lambda a, b: a > b,
    Comparison.AT_LEAST: lambda a, b: a >= b,
}


def _is_media(given: Any) -> bool:
    """Whether it is a picture or a sound, as data sets keep them."""
    return (
        isinstance(given, dict)
        and given.keys() == {"bytes", "path"}
        and isinstance(given["bytes"], bytes)
    )


def _nested(given: Any) -> Nested:
    text = json.dumps(given, ensure_ascii=False, separators=(",", ":"), default=_spelled)
    nested = Nested(text[:MAX_VALUE_CHARS])
    nested.whole_chars = len(text)
    return nested


def _spelled(given: Any) -> str:
    if isinstance(given, bytes):
        return text_of(blob(given))
    if isinstance(given, datetime):
        return given.isoformat(" ")
    if isinstance(given, date | time):
        return given.isoformat()
    if isinstance(given, timedelta):
        return f"{given.total_seconds()} s"
    return str(given)
