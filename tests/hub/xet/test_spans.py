"""A file's terms by xorb say what its terms in order say."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.spans import Spans

# Two of them begin alike: the first eight bytes are what is sorted by.
XORBS = [hashlib.sha256(b"a").digest(), hashlib.sha256(b"b").digest()]
XORBS.append(XORBS[0][:8] + bytes(24))

runs = st.tuples(st.sampled_from(XORBS), st.integers(0, 20), st.integers(1, 12))


@given(st.lists(runs, max_size=12))
def test_masks_and_positions_are_those_of_the_terms(drawn: list[tuple[bytes, int, int]]) -> None:
    terms = [Term(xorb, 1, start, start + length) for xorb, start, length in drawn]
    spans = Spans(Terms.of(terms))
    assert len(spans) == len(terms)
    for xorb in XORBS:
        mine = [(at, term) for at, term in enumerate(terms) if term.xorb_hash == xorb]
        expected = [any(t.start <= chunk < t.end for _, t in mine) for chunk in range(40)]
        assert spans.mask(xorb, 40).tolist() == expected
        for chunk in range(40):
            first = next((at for at, t in mine if t.start <= chunk < t.end), None)
            assert spans.position(xorb, chunk) == first
