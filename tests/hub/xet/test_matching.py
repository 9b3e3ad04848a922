"""Matching: every chunk of a file is at the place that is said, and few places are said."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.xet import matching
from paddock.hub.xet.matching import SHORTEST_RUN, Matched, Matcher, Pool, Run, TooScattered
from paddock.hub.xet.xorbs import ChunkTable

Chunks = list[int]  # each a number that stands for its content


def named(chunk: int) -> bytes:
    return hashlib.sha256(b"%d" % chunk).digest()


def size_of(chunk: int) -> int:
    return 1000 + chunk


def table(chunks: Chunks) -> ChunkTable:
    rows = (struct.pack("<32sIII", named(chunk), size_of(chunk), 0, 0) for chunk in chunks)
    return ChunkTable(b"".join(rows))


def match(file: Chunks, known: dict[str, Chunks]) -> Matched:
    pool = Pool()
    for name, chunks in known.items():
        pool.add(name, table(chunks), np.ones(len(chunks), np.bool_))
    matcher = Matcher(pool)
    for chunk in file:
        matcher.add(named(chunk), size_of(chunk))
    return matcher.finish()


def unfolded(matched: Matched, file: Chunks, known: dict[str, Chunks]) -> Chunks:
    """The file again, from what was said of it."""
    new = [chunk for start, end in matched.new_chunks for chunk in file[start:end]]
    assert matched.new_sizes.tolist() == [size_of(chunk) for chunk in new]
    places = {**known, None: new}
    return [chunk for run in matched.runs for chunk in places[run.xorb][run.start : run.end]]


chunks_of_few = st.lists(st.integers(0, 12), max_size=60)


@given(chunks_of_few, st.lists(chunks_of_few, max_size=4))
def test_every_chunk_is_where_it_is_said_to_be(file: Chunks, xorbs: list[Chunks]) -> None:
    known = {f"x{number}": chunks for number, chunks in enumerate(xorbs)}
    matched = match(file, known)
    assert unfolded(matched, file, known) == file
    total = sum(map(size_of, file))
    assert matched.found_bytes + int(matched.new_sizes.sum()) == total
    assert all(run.start < run.end for run in matched.runs)


@given(st.integers(0, 30), st.integers(SHORTEST_RUN, 30), st.integers(0, 30))
def test_what_is_in_a_xorb_is_one_run(before: int, found: int, behind: int) -> None:
    xorb = list(range(100, 100 + before + found + behind))
    file = [1, 2, *xorb[before : before + found], 3]
    matched = match(file, {"x": xorb})
    assert Run("x", before, before + found) in matched.runs
    assert len(matched.runs) == 3


def test_too_few_neighbours_are_new() -> None:
    matched = match([1, 2, *range(50, 50 + SHORTEST_RUN - 1), 3], {"x": list(range(50, 90))})
    assert [run.xorb for run in matched.runs] == [None]


def test_only_flagged_chunks_count() -> None:
    pool = Pool()
    flags = np.zeros(10, np.bool_)
    flags[2:7] = True
    pool.add("x", table(list(range(10))), flags)
    matcher = Matcher(pool)
    for chunk in range(10):
        matcher.add(named(chunk), size_of(chunk))
    assert [run for run in matcher.finish().runs if run.xorb] == [Run("x", 2, 7)]


def test_the_same_content_over_and_over_takes_few_terms() -> None:
    matched = match([7] * 1000, {})
    assert len(matched.new_sizes) <= 2 * SHORTEST_RUN
    assert len(matched.runs) <= 1 + 1000 // SHORTEST_RUN


def test_a_pool_keeps_what_came_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "POOL_CHUNKS", 20)
    known = {f"x{number}": list(range(number * 8, number * 8 + 8)) for number in range(4)}
    matched = match(list(range(32)), known)
    assert {run.xorb for run in matched.runs} == {None, "x2", "x3"}
    assert unfolded(matched, list(range(32)), known) == list(range(32))


def test_a_file_in_too_many_pieces_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_RUNS", 3)
    xorb = list(range(100))
    file = [chunk for at in range(0, 60, 6) for chunk in (*xorb[at : at + 5], 1000 + at)]
    with pytest.raises(TooScattered):
        match(file, {"x": xorb})
