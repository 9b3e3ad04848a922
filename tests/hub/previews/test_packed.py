"""Tables that were packed as a whole, by gzip or zstd: honest ones, bombs and damaged ones."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zstandard

from paddock.hub.previews.formats import Format, Packing, format_of, is_data, packing_of
from paddock.hub.previews.questions import Asks, Comparison, Condition
from paddock.hub.previews.readers import Readers
from paddock.hub.previews.reading import unpacking
from paddock.hub.previews.reading.bounds import UNPACKED_BYTES
from paddock.hub.previews.reading.source import Source
from paddock.hub.previews.reading.unpacking import Unpacked
from tests.hub.previews import asked
from tests.hub.previews.asked import refusal, texts

LINES = "".join(json.dumps({"n": n, "t": "é" * (n % 50)}) + "\n" for n in range(30_000)).encode()
PACKERS: dict[Packing, Callable[[bytes], bytes]] = {
    Packing.GZIP: gzip.compress,
    Packing.ZSTD: zstandard.compress,
}


@pytest.fixture(scope="module")
def own() -> Iterator[Readers]:
    with asked.readers() as running:
        yield running


@pytest.fixture(params=PACKERS)
def packing(request: pytest.FixtureRequest) -> Packing:
    assert isinstance(request.param, Packing)
    return request.param


def unpacked(content: bytes, packing: Packing) -> Unpacked:
    return Unpacked(Source(len(content), lambda start, end: content[start:end]), packing)


def test_names_say_how_a_file_is_packed() -> None:
    assert (format_of("a/B.CSV.GZ"), packing_of("a/B.CSV.GZ")) == (Format.CSV, Packing.GZIP)
    assert format_of("x.jsonl.zst") is Format.JSON_LINES
    assert packing_of("x.jsonl") is Packing.NONE
    for other in ("x.parquet.gz", "x.tar.gz", "gz", ".gz", "csv.gz"):
        assert format_of(other) is None, other
    assert is_data("rows.json.gz") and not is_data("config.json.gz")


def test_a_packed_file_has_the_rows_of_what_is_in_it(own: Readers, packing: Packing) -> None:
    content = PACKERS[packing](LINES)
    for question in (
        {},
        {"page": 7},
        {"asks": Asks.COLUMNS},
        {"conditions": (Condition("n", Comparison.GREATER, "29990"),)},
        {"start": LINES.index(b'{"n": 20000'), "first_row": 20_000},
    ):
        plain = asked.ask(own, LINES, Format.JSON_LINES, **question)
        packed = asked.ask(own, content, Format.JSON_LINES, packing=packing, **question)
        assert packed == plain
    table = PACKERS[packing](b"id;who\n1;Ann\n2;Bob\n")
    assert texts(asked.ask(own, table, Format.CSV, packing=packing)) == [["1", "Ann"], ["2", "Bob"]]


def test_a_bomb_is_unpacked_to_its_bound_and_no_further(own: Readers, packing: Packing) -> None:
    row = b"x" * 999 + b"\n"
    file = io.BytesIO()
    opened: Any = zstandard.ZstdCompressor().stream_writer(file, closefd=False)
    if packing is Packing.GZIP:
        opened = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1)
    with opened:
        for _ in range(200):
            opened.write(row * 1000)
    content = file.getvalue()
    answer = asked.ask(own, content, Format.CSV, packing=packing)
    assert answer.rows and "the first 64 MiB" in answer.notes[0]
    assert answer.part.next_start is not None
    last = UNPACKED_BYTES - 5_000_500
    end = asked.ask(own, content, Format.CSV, packing=packing, start=last - last % 1000)
    assert end.part.rows == 5000 and end.part.next_start is None  # a cut row is none


def test_members_and_frames_follow_each_other(packing: Packing) -> None:
    pieces = [random.Random(1).randbytes(300_000), b"", b"the end"]
    content = b"".join(map(PACKERS[packing], pieces))
    found = unpacked(content, packing)
    assert found.range(0, found.size_bytes) == b"".join(pieces)
    assert (found.range(299_999, 300_003)[1:], found.note) == (b"the", "")
    if packing is Packing.GZIP:
        assert unpacked(content + b"\0" * 600_000, packing).note == ""


def test_what_is_damaged_is_shown_as_far_as_it_goes(own: Readers, packing: Packing) -> None:
    for nothing in (b"", b"id,who\n1,Ann\n", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"):
        said = refusal(own, nothing, Format.CSV, packing=packing)
        assert "cannot be unpacked" in said or "is empty" in said
    whole = PACKERS[packing](LINES)
    broken = whole[: len(whole) // 2] + b"\xff" * 1000
    answer = asked.ask(own, broken, Format.JSON_LINES, packing=packing)
    assert answer.rows[0].cells[0].text == "0"
    assert "cannot be unpacked to its end" in answer.notes[0]


def test_a_window_that_no_honest_file_needs_is_refused(
    own: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    file = io.BytesIO()
    with packer.stream_writer(file, closefd=False) as writer:
        writer.write(LINES)
    said = refusal(own, file.getvalue(), Format.JSON_LINES, packing=Packing.ZSTD)
    assert "cannot be unpacked" in said
    monkeypatch.setattr(unpacking, "UNPACKED_BYTES", 10)
    found = unpacked(gzip.compress(b"0123456789"), Packing.GZIP)
    assert (found.size_bytes, found.is_cut) == (10, False)
    assert unpacked(gzip.compress(b"0123456789a"), Packing.GZIP).is_cut
