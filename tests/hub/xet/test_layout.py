"""Which terms and chunks a range of a file needs, against counting byte by byte."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.xet.layout import Term, Terms, trim
from paddock.hub.xet.reconstruction import merge_ranges

sizes_lists = st.lists(st.integers(1, 9), min_size=1, max_size=12)


@st.composite
def ranges_of(draw: st.DrawFn) -> tuple[list[int], int, int]:
    sizes = draw(sizes_lists)
    start = draw(st.integers(0, sum(sizes) - 1))
    return sizes, start, draw(st.integers(start + 1, sum(sizes)))


@given(ranges_of())
def test_the_terms_of_a_range_are_those_with_a_byte_in_it(case: tuple[list[int], int, int]) -> None:
    sizes, start, end = case
    terms = Terms.of(Term(bytes(32), size, at, at + 1) for at, size in enumerate(sizes))
    owners = [at for at, size in enumerate(sizes) for _ in range(size)]
    offsets = list(itertools.accumulate(sizes, initial=0))
    found = [(offset, term.start) for offset, term in terms.overlapping(start, end)]
    assert found == [(offsets[at], at) for at in sorted(set(owners[start:end]))]
    assert terms.size_bytes == sum(sizes)
    offset, some = terms.between(start, end)
    assert [(offset, term) for term in some][:1] == list(terms.overlapping(start, end))[:1]
    assert list(some) == [term for _, term in terms.overlapping(start, end)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9))))
def test_the_runs_of_each_xorb_are_those_of_its_terms(rows: list[tuple[int, int, int]]) -> None:
    terms = Terms.of(Term(bytes([name]) * 32, 1, start, end) for name, start, end in rows)
    runs = {(raw[0], *run) for raw, some in terms.runs() for run in some}
    assert runs == set(rows)
    assert all(some == sorted(set(some)) for _, some in terms.runs())


@given(ranges_of(), st.integers(0, 5))
def test_a_term_is_trimmed_to_the_chunks_with_a_wanted_byte(
    case: tuple[list[int], int, int], first_chunk: int
) -> None:
    sizes, start, end = case
    owners = [at for at, size in enumerate(sizes) for _ in range(size)]
    span = trim(np.array(sizes, np.uint32), first_chunk, start, end)
    first, last = owners[start], owners[end - 1]
    assert (span.start, span.end) == (first_chunk + first, first_chunk + last + 1)
    assert span.skip_bytes == start - sum(sizes[:first])
    assert span.unpacked_bytes == sum(sizes[first : last + 1])


def test_an_empty_file_needs_nothing() -> None:
    terms = Terms(b"")
    assert terms.size_bytes == 0
    assert list(terms.overlapping(0, 0)) == []


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), min_size=1))
def test_merged_ranges_hold_the_same_numbers_apart(pairs: list[tuple[int, int]]) -> None:
    ranges = [(start, start + length) for start, length in pairs]
    merged = merge_ranges(ranges)
    assert {n for some in merged for n in range(*some)} == {n for r in ranges for n in range(*r)}
    assert all(one[1] < two[0] for one, two in itertools.pairwise(merged))
