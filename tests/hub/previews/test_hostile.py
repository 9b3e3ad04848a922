"""Files that are made to hurt: each is told of in a sentence, and costs bounded memory and time."""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import random
import subprocess
import sys
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paddock.hub.previews import process
from paddock.hub.previews.formats import Format
from paddock.hub.previews.questions import Asks, Comparison, Condition, Order, Question
from paddock.hub.previews.readers import PreviewRefused, Readers
from paddock.hub.previews.reading.bounds import FETCHED_BYTES, WINDOW_BYTES
from paddock.hub.previews.wire import Nonsense, parse_reply
from tests.hub.previews import asked
from tests.hub.previews.asked import parquet, refusal, texts


@pytest.fixture(scope="module")
def own() -> Iterator[Readers]:
    with asked.readers() as running:
        yield running


def test_a_line_without_end_is_not_read_to_its_end(own: Readers) -> None:
    size = 1_000_000_000

    def read(start: int, end: int) -> Iterator[bytes]:
        assert end <= WINDOW_BYTES
        yield b"x" * (end - start)

    for format in (Format.CSV, Format.JSON_LINES):
        with pytest.raises(PreviewRefused, match=r"row .*is longer than"):
            own.ask(f"endless {format}", Question(format, size), read)
    quoted = b'a,b\n1,2\n"' + (b"x" * 99 + b"\n") * (WINDOW_BYTES // 90)
    assert texts(asked.ask(own, quoted, Format.CSV)) == [["1", "2"]]
    assert "longer than the 8 MiB" in refusal(own, quoted, Format.CSV, start=8)


@pytest.mark.parametrize(
    ("content", "format", "said"),
    [
        (b"", Format.CSV, "empty"),
        (b"\xff\xfea\0,\0", Format.CSV, "UTF-16"),
        (b"PK\x03\x04\0\0\0\0", Format.CSV, "no text"),
        (b"\0" * 100, Format.JSON_LINES, "no text"),
        (b'{"a":1,\n' + b" " * WINDOW_BYTES + b'"b":2}', Format.JSON, "one JSON object of more"),
        (b"", Format.PARQUET, "no Parquet"),
        (b"x" * 100, Format.PARQUET, "no Parquet"),
        (b"PAR1" + b"\xff" * 4 + b"PAR1", Format.PARQUET, "claims 4294967295 bytes"),
        (b"PAR1" + b"\0" * 16 + b"\x10\0\0\0PAR1", Format.PARQUET, "not usable Parquet"),
        (b"PAR1" + b"\0" * 16 + b"\x10\0\0\0PARE", Format.PARQUET, "encrypted"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(
    own: Readers, content: bytes, format: Format, said: str
) -> None:
    assert said in refusal(own, content, format)


def test_nesting_and_numbers_without_end_are_rows_that_cannot_be_read(own: Readers) -> None:
    deep, long = "[" * 100_000, "9" * 100_000
    lines = [
        deep,
        '{"a":' * 50_000,
        long,
        '{"a":1}',
        '{"a":1e999999}',
        '{"a":NaN}',
        '{"a":"\\ud800"}',
    ]
    answer = asked.ask(own, "\n".join(lines).encode(), Format.JSON_LINES)
    assert (texts(answer), answer.unreadable) == ([["1"], ["inf"], ["nan"], ["?"]], 3)
    assert "nested too deep" in answer.problem
    sums = asked.ask(own, "\n".join(lines).encode(), Format.JSON_LINES, asks=Asks.COLUMNS)
    assert sums.figures[0].count == 4
    listed = asked.ask(own, f"[1,{deep}".encode(), Format.JSON)
    assert (texts(listed), listed.unreadable) == ([["1"]], 1)


def test_as_many_columns_are_shown_as_a_page_can_hold(own: Readers) -> None:
    names = ",".join(f"c{at}" for at in range(20_000))
    answer = asked.ask(own, f"{names}\n1,2\n".encode(), Format.CSV)
    assert len(answer.columns) == 200 and "20000 columns" in answer.notes[0]
    rows = "".join(json.dumps({f"k{at}-{key}": 1 for key in range(50)}) + "\n" for at in range(500))
    many = asked.ask(own, rows.encode(), Format.JSON_LINES)
    assert len(many.columns) == 200 and "25000 keys" in many.notes[0]
    wide = asked.ask(own, parquet({f"c{at}": [at] for at in range(300)}), Format.PARQUET)
    assert len(wide.columns) == 200 and texts(wide)[0][199] == "199"


def test_an_answer_stays_small_whatever_the_cells_hold(own: Readers) -> None:
    rows = {f"c{at}": ["\x01é" * 5000] * 100 for at in range(50)}
    answer = asked.ask(own, parquet(rows), Format.PARQUET)
    assert sum(len(text) for row in texts(answer) for text in row) < 2_000_000
    assert len(answer.rows) == 100


def test_what_unpacks_to_more_than_there_is_memory_for_ends_in_a_sentence(own: Readers) -> None:
    # One value of 8 MB in a dictionary, 200,000 times: a few kB that mean 1.6 TB.
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), ["x" * 8_000_000])
    file = io.BytesIO()
    pq.write_table(pa.table({"t": text}), file, compression="zstd")
    assert len(file.getvalue()) < 100_000
    said = refusal(own, file.getvalue(), Format.PARQUET)
    assert "memory" in said, said
    # A page that claims to unpack to what no machine has.
    nulls = parquet({"n": pa.nulls(1000, pa.int64()), "m": range(1000)})
    assert asked.ask(own, nulls, Format.PARQUET).rows


def test_rows_without_end_cost_no_more_than_those_that_are_shown(own: Readers) -> None:
    nulls = parquet({"n": pa.nulls(20_000_000, pa.int8())}, row_group_size=20_000_000)
    assert len(nulls) < 200_000
    answer = asked.ask(own, nulls, Format.PARQUET, page=10)
    assert (len(answer.rows), answer.part.total_rows) == (100, 20_000_000)
    part = asked.ask(own, nulls, Format.PARQUET, order=Order("n"))
    assert part.part.rows == 50_000


def test_no_more_of_a_file_is_fetched_than_a_page_is_worth(own: Readers) -> None:
    head = parquet({"t": ["x" * 100]}, compression="none")
    footer = int.from_bytes(head[-8:-4], "little") + 8
    fetched = 0

    def read(start: int, end: int) -> Iterator[bytes]:
        nonlocal fetched
        fetched += end - start
        yield (head[:-footer] + head[-footer:])[start:end]

    own.ask("small", Question(Format.PARQUET, len(head)), read)
    assert fetched <= 2 * len(head) < FETCHED_BYTES


@pytest.mark.parametrize("seed", range(12))
def test_damaged_parquet_is_shown_or_refused(own: Readers, seed: int) -> None:
    chance = random.Random(seed)
    texts = [f"t{at % 7}" for at in range(500)]
    content = bytearray(parquet({"a": range(500), "b": texts, "c": [[1]] * 500}))
    for _ in range(30):
        content[chance.randrange(4, len(content) - 8)] = chance.randrange(256)
    for question in ({}, {"order": Order("a")}, {"asks": Asks.COLUMNS}):
        with contextlib.suppress(PreviewRefused):
            asked.ask(own, bytes(content), Format.PARQUET, **question)


def test_the_process_can_open_no_file_and_reach_no_network() -> None:
    program = """
import os, socket, subprocess
from paddock.hub.previews.reading.seal import seal
seal()
for attempt in (
    lambda: open("/tmp/x", "w"), lambda: socket.socket(), lambda: subprocess.Popen(["true"]),
    lambda: open("/etc/passwd"), lambda: os.listdir("/"),
):
    try:
        attempt()
        print("done")
    except OSError:
        print("refused")
"""
    told = subprocess.run(
        [sys.executable, "-I", "-B", "-c", program], capture_output=True, text=True, check=False
    )
    found = told.stdout.split()
    assert found[:3] == ["refused"] * 3, told
    if _has_landlock():
        assert found[3:] == ["refused"] * 2, told


def _has_landlock() -> bool:
    call = ctypes.CDLL(None).syscall
    return sys.platform == "linux" and call(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) > 0


def test_a_process_that_hangs_or_lies_is_ended(
    own: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SECONDS", 0.0)
    monkeypatch.setattr(process, "START_SECONDS", 0.0)
    assert "takes more than" in refusal(own, b"a\n1\n", Format.CSV)


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"{}", b"nope", b"[" * 100_000, b'{"wants":[1]}', b'{"wants":[-1,2]}',
     b'{"wants":["a",2]}', b'{"problem":3}', 
     b'{"problem":"' + b"x" * 500 + b'"}', b'{"columns":[],"rows":[]}'],
)  # fmt: skip
def test_what_no_reader_says_is_not_believed(line: bytes) -> None:
    with pytest.raises(Nonsense):
        parse_reply(line)


def test_a_filter_on_text_costs_no_more_than_its_part(own: Readers) -> None:
    content = b"t\n" + b"a" * 500 + b"\n" + (b"a" * 100 + b"\n") * 60_000
    sought = Condition("t", Comparison.CONTAINS, "a" * 101)
    answer = asked.ask(own, content, Format.CSV, conditions=(sought,))
    assert (answer.matching, answer.part.rows) == (1, 50_000)
