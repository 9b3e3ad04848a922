"""CSV and TSV: the rows of a window, whose first row of the file names the columns.

Knows which character divides the fields and where each row ends in bytes, quoted line ends
included, so that the next part begins where a row does. What lies behind the last whole row of a
window belongs to the next part.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

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
    typed_by_text,
)
from paddock.hub.previews.reading.source import Ranges
from paddock.hub.previews.reading.values import Value, bounded

_DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 256 << 10
_REPLACED = "�"


def load(source: Ranges, question: Question) -> LoadedPart:
    """The part that the question names; raises Unreadable."""
    csv.field_size_limit(WINDOW_BYTES)
    window = open_window(source, question)
    head = window if question.start == 0 else _head(source, question)
    delimiter = _delimiter(head, question.format)
    names, header_bytes = _header(head, delimiter)
    lines = _Lines(window.content[header_bytes:] if question.start == 0 else window.content)
    lines.used += header_bytes if question.start == 0 else 0
    width = min(len(names), MAX_COLUMNS)
    kept = Kept(rows_of(width))
    too_wide, used = _read(lines, delimiter, kept, (len(names), width), window)
    columns = typed_by_text([named(name) for name in names[:width]], kept.rows)
    notes = []
    if len(names) > width:
        notes.append(f"{len(names)} columns are in the file; the first {width} are shown.")
    if too_wide:
        notes.append(f"{too_wide} rows have more fields than the first row has names.")
    if lines.is_damaged:
        notes.append("Some bytes are not UTF-8; they are shown as �.")
    part = text_part(question, window, kept, used)
    return LoadedPart(
        columns, kept.rows, part, 0, True, kept.unreadable, kept.problem, tuple(notes)
    )


class _Lines:
    """Lines as text, and how many bytes of them were taken."""

    def __init__(self, content: bytes) -> None:
        self._content, self.used, self._at = content, 0, 0
        self.is_damaged = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._at == len(self._content):
            raise StopIteration
        end = self._content.find(b"\n", self._at) + 1 or len(self._content)
        line = self._content[self._at : end]
        self.used += end - self._at
        self._at = end
        text = line.decode(errors="replace")
        self.is_damaged = self.is_damaged or _REPLACED in text
        return text


def _read(
    lines: _Lines, delimiter: str, kept: Kept, widths: tuple[int, int], window: Window
) -> tuple[int, int]:
    """Rows until the part is full; how many were too wide, and how many bytes they take."""
    named_width, width = widths
    too_wide, used = 0, lines.used
    reader = csv.reader(lines, delimiter=delimiter)
    while not kept.is_full:
        try:
            fields = next(reader, None)
        except csv.Error as e:
            kept.refuse(f"row {len(kept.rows) + kept.unreadable + 1} is no CSV: {e}")
            used = lines.used
            continue
        # The last row of a window that is not the file's last may go on behind it.
        is_cut = lines.used == _end(window) and not window.is_last
        if fields is None or (is_cut and not window.content.endswith(b"\n")):
            break
        if is_cut and fields and "\n" in fields[-1]:
            break  # an open quote took all that is left
        used = lines.used
        if fields:
            too_wide += len(fields) > named_width
            kept.add([_value(text) for text in fields[:width]] + [None] * (width - len(fields)))
    if window.is_last and not kept.is_full:
        used = len(window.content)
    return too_wide, used


def _end(window: Window) -> int:
    return len(window.content)


def _value(text: str) -> Value:
    return bounded(text) if text else None


def _head(source: Ranges, question: Question) -> Window:
    first = Question(question.format, question.size_bytes)
    window = open_window(source, first)
    return Window(window.start, window.content[:_HEAD_BYTES], window.is_last)


def _delimiter(head: Window, format: Format) -> str:
    if format is Format.TSV:
        return "\t"
    line = head.content[:_HEAD_BYTES].partition(b"\n")[0].decode(errors="replace")
    return max(_DELIMITERS, key=lambda sign: _count_outside_quotes(line, sign))


def _count_outside_quotes(line: str, sign: str) -> int:
    return sum(piece.count(sign) for piece in line.split('"')[::2])


def _header(head: Window, delimiter: str) -> tuple[list[str], int]:
    """The names of the columns, and how many bytes the row of them takes."""
    lines = _Lines(head.content)
    try:
        names = next(csv.reader(lines, delimiter=delimiter), None)
    except csv.Error as e:
        raise Unreadable(f"the first row is no CSV: {e}") from None
    if names is None:
        raise Unreadable("the file is empty")
    if lines.used == len(head.content) and not head.is_last:
        raise Unreadable(f"the first row is longer than {len(head.content) >> 10} KiB")
    filled = [name.strip() or f"column {place}" for place, name in enumerate(names, start=1)]
    return filled, lines.used
