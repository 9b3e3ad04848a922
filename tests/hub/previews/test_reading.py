"""Tables out of files, through the real process: pages, parts, conditions, orders, figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from paddock.hub.previews.answers import Holds, Preview
from paddock.hub.previews.formats import Format
from paddock.hub.previews.questions import Asks, Comparison, Condition, Order, Question
from paddock.hub.previews.readers import PreviewRefused, Readers
from tests.hub.previews import asked
from tests.hub.previews.asked import parquet, refusal, texts

CSV = b'id,name,score\n1,Ann,2.5\n2,,10\n3,"O\'Neill, ""Bo""\nSmith",-1e2\n04,bob,n/a\n'
GREATER, CONTAINS = Comparison.GREATER, Comparison.CONTAINS


@pytest.fixture(scope="module")
def own() -> Iterator[Readers]:
    with asked.readers() as running:
        yield running


def ids(answer: Preview) -> list[str]:
    return [row[0] for row in texts(answer)]


def test_csv_is_read_as_spreadsheets_write_it(own: Readers) -> None:
    answer = asked.ask(own, CSV, Format.CSV)
    assert [(c.name, c.holds) for c in answer.columns] == [
        ("id", Holds.TEXT), ("name", Holds.TEXT), ("score", Holds.TEXT),
    ]  # fmt: skip
    assert texts(answer)[2] == ["3", 'O\'Neill, "Bo"\nSmith', "-1e2"]
    assert answer.rows[1].cells[1].holds is Holds.NOTHING
    assert answer.part.is_whole and answer.part.total_rows == 4
    for text in (b"a;b\n1;2\n", b"a\tb\n1\t2\n", b"\xef\xbb\xbfa|b\r\n1|2\r\n"):
        answer = asked.ask(own, text, Format.CSV)
        assert ([c.name for c in answer.columns], texts(answer)) == (["a", "b"], [["1", "2"]])
    wide = asked.ask(own, b"a,,a\n1\n1,2,3,4\n", Format.CSV)
    assert [c.name for c in wide.columns] == ["a", "column 2", "a"]
    assert texts(wide) == [["1", "", ""], ["1", "2", "3"]] and "1 rows have more" in wide.notes[0]
    bad = asked.ask(own, b"a\n\xff\xfe\xff\n", Format.CSV)
    assert "not UTF-8" in bad.notes[0]


def test_columns_of_numbers_are_compared_as_numbers(own: Readers) -> None:
    content = b"id,n\na,10\nb,9\nc,\nd,-3.5\ne,1e2\n"

    def found(*conditions: Condition, order: Order | None = None) -> list[str]:
        return ids(asked.ask(own, content, Format.CSV, conditions=conditions, order=order))

    assert found(Condition("n", GREATER, "9")) == ["a", "e"]
    assert found(Condition("n", Comparison.AT_MOST, "9.0")) == ["b", "d"]
    assert found(Condition("n", Comparison.UNEQUAL, "10")) == ["b", "d", "e"]
    assert found(Condition("n", Comparison.IS_NULL)) == ["c"]
    assert found(Condition("n", Comparison.IS_NOT_NULL), Condition("id", CONTAINS, "A")) == ["a"]
    assert found(order=Order("n")) == ["d", "b", "a", "e", "c"]
    assert found(order=Order("n", is_descending=True)) == ["e", "a", "b", "d", "c"]
    assert "holds numbers" in refusal(
        own, content, Format.CSV, conditions=(Condition("n", GREATER, "x"),)
    )
    assert "no column z" in refusal(own, content, Format.CSV, order=Order("z"))


def test_json_lines_have_the_columns_of_all_their_rows(own: Readers) -> None:
    lines = [
        '{"a":1,"b":{"c":[1,"é"]}}',
        "",
        "[1]",
        "nope",
        '{"a":"x","d":true,"e":null}',
        "[" * 9999,
    ]
    answer = asked.ask(own, "\n".join(lines).encode(), Format.JSON_LINES)
    assert [(c.name, c.holds, c.type) for c in answer.columns] == [
        ("a", Holds.TEXT, "number or text"), ("b", Holds.NESTED, "nested"),
        ("value", Holds.NESTED, "nested"), ("d", Holds.TRUTH, "true or false"),
        ("e", Holds.NOTHING, "nothing"),
    ]  # fmt: skip
    assert texts(answer)[0] == ["1", '{"c":[1,"é"]}', "", "", ""]
    assert (len(answer.rows), answer.unreadable) == (3, 2)
    assert answer.problem == "line 4 is no JSON: Expecting value at character 1"


@pytest.mark.parametrize(
    ("value", "columns", "rows"),
    [
        ([{"a": 1}, {"a": 2}], ["a"], [["1"], ["2"]]),
        ({"version": 2, "data": [{"a": 1}]}, ["a"], [["1"]]),
        ({"a": [1, 2], "b": ["x", "y"]}, ["a", "b"], [["1", "x"], ["2", "y"]]),
        ({"a": 1}, ["a"], [["1"]]),
        ([1, "x"], ["value"], [["1"], ["x"]]),
        ([], [], []),
    ],
)
def test_json_is_rows_in_each_of_the_ways_there_are(
    own: Readers, value: Any, columns: list[str], rows: list[list[str]]
) -> None:
    for indent in (None, 2):
        answer = asked.ask(own, json.dumps(value, indent=indent).encode(), Format.JSON)
        assert ([c.name for c in answer.columns], texts(answer)) == (columns, rows)
    lines = asked.ask(own, b'{"a":1}\n{"a":2}\n', Format.JSON)  # many call it so
    assert texts(lines) == [["1"], ["2"]]


@pytest.mark.parametrize("format", [Format.CSV, Format.JSON_LINES, Format.JSON])
def test_parts_of_a_text_follow_each_other_without_a_gap(own: Readers, format: Format) -> None:
    rows = [{"id": number, "text": f'é "quoted"\n{"x" * 150}'} for number in range(60_000)]
    if format is Format.CSV:
        written = (f'{r["id"]},"{str(r["text"]).replace(chr(34), chr(34) * 2)}"\n' for r in rows)
        content = ("id,text\n" + "".join(written)).encode()
    elif format is Format.JSON:
        content = json.dumps(rows, ensure_ascii=False).encode()
    else:
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    first_row, start, seen = 0, 0, []
    while True:
        part = {"start": start, "first_row": first_row}
        last = Condition("id", Comparison.AT_LEAST, str(first_row))
        answer = asked.ask(own, content, format, **part, conditions=(last,))
        assert (answer.matching, answer.unreadable) == (answer.part.rows, 0)
        assert answer.rows[0].cells[0].text == str(first_row)
        seen.append(answer.part.rows)
        if answer.part.next_start is None:
            break
        start, first_row = answer.part.next_start, first_row + answer.part.rows
    assert sum(seen) == 60_000 and len(seen) == 2


def test_parquet_is_paged_over_the_whole_file(own: Readers) -> None:
    content = parquet({"id": range(120_000), "t": ["x"] * 120_000}, row_group_size=50_000)
    for page in (0, 1, 499, 500, 1199):
        answer = asked.ask(own, content, Format.PARQUET, page=page)
        assert ids(answer) == [str(page * 100 + at) for at in range(100)]
        assert answer.has_more == (page < 1199) and answer.part.total_rows == 120_000
    assert asked.ask(own, content, Format.PARQUET, page=1200).rows == ()
    odd = (Condition("id", Comparison.AT_LEAST, "49999"),)
    part = asked.ask(own, content, Format.PARQUET, conditions=odd)
    assert (ids(part), part.part.next_start) == (["49999"], 50_000)
    after = asked.ask(own, content, Format.PARQUET, start=100_000, order=Order("id", True))
    assert ids(after)[0] == "119999" and after.part.next_start is None


def test_values_of_parquet_are_shown_for_what_they_are(own: Readers) -> None:
    import pyarrow as pa

    picture = {"bytes": b"\x89PNG\r\n\x1a\n" + b"x" * 5000, "path": "a.png"}
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    content = parquet(
        {
            "when": pa.array([moment], pa.timestamp("us", "UTC")),
            "nanos": pa.array([1_000_000_001], pa.timestamp("ns")),
            "far": pa.array([2**61], pa.timestamp("ms")),
            "there": pa.array([moment], pa.timestamp("us", "America/New_York")),
            "day": [date(2026, 1, 2)],
            "money": [Decimal("12.30")],
            "image": [picture],
            "raw": [b"\xff\xd8\xff123"],
            "list": [[{"a": 1, "b": b"123"}]],
            "gone": pa.array([None], pa.int64()),
            "nan": [float("nan")],
        }
    )
    shown = texts(asked.ask(own, content, Format.PARQUET))[0]
    assert shown[:3] == ["2026-01-02 03:04:05+00:00", "1970-01-01 00:00:01", f"{2**61} ms"]
    assert shown[3].startswith("2026-01-0")
    assert shown[4:] == [
        "2026-01-02", "12.30", "PNG image, 5.0 kB", "JPEG image, 6 B",
        '[{"a":1,"b":"bytes, 3 B"}]', "", "nan",
    ]  # fmt: skip


def test_decimals_are_compared_exactly(own: Readers) -> None:
    content = parquet({"money": [Decimal("12.30"), Decimal("0.10"), None]})
    for text, count in (("12.3", 1), ("0.1", 1), ("1e-1", 1), (".1", 1), ("12.31", 0)):
        wanted = (Condition("money", Comparison.EQUAL, text),)
        assert asked.ask(own, content, Format.PARQUET, conditions=wanted).matching == count


def test_long_values_are_cut_and_shown_whole_in_their_row(own: Readers) -> None:
    content = parquet({"t": ["short", "x" * 50_000]})
    cell = asked.ask(own, content, Format.PARQUET).rows[1].cells[0]
    assert (len(cell.text), cell.whole_chars) == (400, 50_000)
    whole = asked.ask(own, content, Format.PARQUET, asks=Asks.ROW, row=1)
    assert whole.rows[0].cells[0].text == "x" * 50_000
    assert "no row 3" in refusal(own, content, Format.PARQUET, asks=Asks.ROW, row=2)


def test_figures_speak_of_the_part_and_tell_what_the_file_says(own: Readers) -> None:
    rows = {"n": [1, 2, 2, None, 9], "t": ["b", "a", None, "a", "a"], "k": [[1], [1], [2], [3], []]}
    n, t, k = asked.ask(own, parquet(rows), Format.PARQUET, asks=Asks.COLUMNS).figures
    assert (n.count, n.nulls, n.distinct, n.low, n.high, n.mean) == (5, 1, 3, "1", "9", "3.5")
    assert [(bar.low, bar.times) for bar in n.bars if bar.times] == [("1", 1), ("2", 2), ("9", 1)]
    assert n.often[0] == ("2", 2) and n.told == (1, "1", "9")
    assert (t.low, t.high, t.mean, t.often[0]) == ("a", "b", None, ("a", 3))
    assert (t.bars_speak_of, k.distinct, k.low) == ("lengths", 4, None)
    mixed = asked.ask(own, b"n\n1\nx\n", Format.CSV, asks=Asks.COLUMNS).figures[0]
    assert (mixed.mean, mixed.told) == (None, None)


def test_without_pyarrow_the_other_files_are_shown(
    own: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = parquet({"a": [1]})
    monkeypatch.setattr("paddock.hub.previews.readers.find_spec", lambda name: None)
    with pytest.raises(PreviewRefused) as refused:
        asked.ask(own, content, Format.PARQUET)
    assert "paddock[parquet]" in (refused.value.hint or "")
    assert texts(asked.ask(own, b"a\n1\n", Format.CSV)) == [["1"]]


def test_a_file_is_read_once_for_the_same_question_and_by_the_same_process(own: Readers) -> None:
    content, fetched = parquet({"a": range(1000)}), []

    def read(start: int, end: int) -> Iterator[bytes]:
        fetched.append(end - start)
        yield content[start:end]

    for page in (0, 0, 1, 0):
        own.ask("counted", Question(Format.PARQUET, len(content), page=page), read)
    assert sum(fetched) <= 2 * len(content)
    before = len(fetched)
    own.ask("counted", Question(Format.PARQUET, len(content), page=1), read)
    assert len(fetched) == before
