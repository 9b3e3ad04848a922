"""Text read in windows that are far too small has the same rows as text that is read whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.previews.formats import Format
from paddock.hub.previews.questions import Question
from paddock.hub.previews.reading import delimited, json_rows, parts
from paddock.hub.previews.reading.bounds import Unreadable
from paddock.hub.previews.reading.parts import LoadedPart
from paddock.hub.previews.reading.source import Source
from paddock.hub.previews.reading.values import text_of

WINDOW = 160
Load = Callable[[Source, Question], LoadedPart]


@pytest.fixture(autouse=True, scope="module")
def _small_windows() -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parts, "WINDOW_BYTES", WINDOW)
        yield


def all_rows(load: Load, content: bytes, format: Format) -> list[list[str]]:
    """The rows of every part, from the first to the last."""
    source = Source(len(content), lambda start, end: content[start:end])
    rows: list[list[str]] = []
    start: int | None = 0
    while start is not None:
        loaded = load(source, Question(format, len(content), start=start, first_row=len(rows)))
        rows += [[text_of(value) for value in row] for row in loaded.rows]
        after = loaded.part.next_start
        assert after is None or after > start, "a part leads to itself"
        start = after
    return rows


_cells = st.text(alphabet=list('ab,";\n\r é\t'), max_size=12)


@given(st.lists(st.tuples(_cells, _cells), max_size=30))
def test_csv(rows: list[tuple[str, str]]) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("x", "y"), *rows])
    found = all_rows(delimited.load, file.getvalue().encode(), Format.CSV)
    assert found == [list(row) for row in rows]


@given(st.lists(st.text(max_size=8) | st.integers() | st.none(), max_size=40))
def test_json_lines_and_lists(values: list[Any]) -> None:
    rows = [{"v": value} for value in values]
    wanted = [["" if v is None else str(v)] for v in values]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    assert all_rows(json_rows.load, lines.encode(), Format.JSON_LINES) == wanted
    listed = json.dumps(rows, ensure_ascii=False, indent=1)
    assert all_rows(json_rows.load, listed.encode("utf-8", "surrogatepass"), Format.JSON) == wanted


@given(st.binary(max_size=300) | st.text(alphabet=list('[]{}":,1a\n\\ "'), max_size=300))
def test_any_bytes_are_rows_or_refused(content: bytes | str) -> None:
    raw = content.encode() if isinstance(content, str) else content
    for load, format in (
        (delimited.load, Format.CSV),
        (json_rows.load, Format.JSON_LINES),
        (json_rows.load, Format.JSON),
    ):
        with suppress(Unreadable):
            all_rows(load, raw, format)
