"""A part of a file that was read, what its columns hold, and the window that text is read by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from paddock.hub.previews.answers import Column, Holds, Part
from paddock.hub.previews.questions import Question
from paddock.hub.previews.reading.bounds import (
    KEPT_BYTES,
    MAX_NAME_CHARS,
    WINDOW_BYTES,
    Unreadable,
)
from paddock.hub.previews.reading.source import Ranges
from paddock.hub.previews.reading.values import Value, holds, number_of, weight

_BOM = b"\xef\xbb\xbf"
_OTHER_BOMS = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 8192
_TRUTHS = frozenset({"true", "false", "True", "False", "TRUE", "FALSE"})
NO_PROBLEM = ""


@dataclass(slots=True)
class LoadedPart:
    """Rows in memory; ``first_place`` is the place in the part of the first of them."""

    columns: tuple[Column, ...]
    rows: list[list[Value]]
    part: Part
    first_place: int = 0
    is_all_read: bool = True  # else it is a page of the part, and there may be more
    unreadable: int = 0
    problem: str = NO_PROBLEM
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Kept:
    """Rows on their way into a part: how many fit, and what was wrong with those that do not."""

    limit_rows: int
    limit_bytes: float = KEPT_BYTES
    rows: list[list[Value]] = field(default_factory=list)
    bytes: int = 0
    unreadable: int = 0
    problem: str = NO_PROBLEM

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= self.limit_rows or self.bytes > self.limit_bytes

    def add(self, row: list[Value]) -> None:
        self.rows.append(row)
        self.bytes += sum(map(weight, row))

    def refuse(self, problem: str) -> None:
        self.unreadable += 1
        self.problem = self.problem or problem


@dataclass(frozen=True, slots=True)
class Window:
    """Bytes of text; whoever reads them says how far they came, by whole rows."""

    start: int
    content: bytes
    is_last: bool  # nothing of the file is behind it
    is_cut: bool = False  # there is, and nobody reads it


def open_window(source: Ranges, question: Question) -> Window:
    """The text of the part; raises Unreadable for what is none."""
    start = min(question.start, source.size_bytes)
    end = min(start + WINDOW_BYTES, source.size_bytes)
    content = source.range(start, end) if end > start else b""
    if start == 0:
        if content.startswith(_OTHER_BOMS):
            raise Unreadable("the file is UTF-16: only UTF-8 is shown")
        if b"\0" in content[:_LOOKED_AT]:
            raise Unreadable("the file holds NUL bytes at its beginning: it is no text")
        if content.startswith(_BOM):
            start, content = len(_BOM), content[len(_BOM) :]
    is_end = end == source.size_bytes
    return Window(start, content, is_end and not source.is_cut, is_end and source.is_cut)


def text_part(question: Question, window: Window, kept: Kept, used_bytes: int) -> Part:
    """The part that was read of a window."""
    is_end = window.is_last and used_bytes >= len(window.content)
    if not kept.rows and not kept.unreadable and not is_end and window.content:
        raise Unreadable(f"a row here is longer than the {WINDOW_BYTES >> 20} MiB that are read")
    return Part(
        start=question.start,
        first_row=question.first_row,
        rows=len(kept.rows),
        next_start=None
        if is_end or (window.is_cut and not kept.is_full)
        else window.start + used_bytes,
        limit_rows=kept.limit_rows,
        total_rows=len(kept.rows) if question.start == 0 and is_end else None,
    )


def named(name: str) -> str:
    """A column's name, of bounded length."""
    return name[:MAX_NAME_CHARS]


def typed_by_text(names: Sequence[str], rows: Sequence[Sequence[Value]]) -> tuple[Column, ...]:
    """Columns of texts, which may all be spelled as something else."""
    columns = []
    for place, name in enumerate(names):
        texts = [row[place] for row in rows if row[place] is not None]
        if texts and all(text in _TRUTHS for text in texts):
            columns.append(Column(name, Holds.TRUTH, "true or false"))
        elif texts and all(number_of(text) is not None for text in texts):
            columns.append(Column(name, Holds.NUMBER, "number"))
        else:
            columns.append(Column(name, Holds.TEXT, "text"))
    return tuple(columns)


_WORDS = {
    Holds.NUMBER: "number",
    Holds.TRUTH: "true or false",
    Holds.TEXT: "text",
    Holds.NESTED: "nested",
    Holds.NOTHING: "nothing",
}


def typed_by_value(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> tuple[Column, ...]:
    """Columns of values that say themselves what they are, as JSON's do."""
    seen: list[Counter[Holds]] = [Counter() for _ in names]
    for row in rows:
        for counter, value in zip(seen, row, strict=True):
            counter[holds(value)] += 1
    columns = []
    for name, counter in zip(names, seen, strict=True):
        counter.pop(Holds.NOTHING, None)
        kinds = list(counter) or [Holds.NOTHING]
        word = " or ".join(sorted(_WORDS.get(kind, str(kind)) for kind in kinds))
        columns.append(Column(name, kinds[0] if len(kinds) == 1 else Holds.TEXT, word))
    return tuple(columns)
