"""The figures of a comparison: never below zero, zero for the same, and rounded outwards."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paddock.release.building.divergence import SequenceDivergence, compare, over_all, rounded

LOGITS = arrays(np.float32, (20, 5), elements=st.floats(-30, 30, width=32))
SEQUENCES = st.lists(
    st.builds(
        SequenceDivergence, st.integers(1, 64), st.floats(0, 50), st.floats(0, 500),
        st.floats(0, 500),
    ),
    min_size=2, max_size=8,
)  # fmt: skip


@given(LOGITS, LOGITS)
def test_it_is_never_negative_and_zero_for_the_same(
    one: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    other: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    following = [0] * 20
    assert compare(one, other, following).kl >= 0
    same = compare(one, one + np.float32(2), following)  # a softmax does not see a constant
    assert same.kl == pytest.approx(0, abs=1e-3)
    assert same.original_nll == pytest.approx(same.copy_nll, abs=1e-3)


def test_a_known_pair_has_its_known_figures() -> None:
    even, biased = np.zeros((1, 2), np.float32), np.log(np.array([[0.75, 0.25]], np.float32))
    found = compare(even, biased, [1])
    assert found.kl == pytest.approx(0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    assert found.original_nll == pytest.approx(math.log(2))
    assert found.copy_nll == pytest.approx(math.log(4))


@given(SEQUENCES)
def test_the_interval_holds_the_mean(sequences: list[SequenceDivergence]) -> None:
    found = over_all(sequences)
    mean = sum(each.kl for each in sequences) / sum(each.tokens for each in sequences)
    assert found.low <= mean or mean < 1e-6
    assert found.high >= mean
    assert over_all(sequences) == found


@given(st.floats(1e-5, 1e6))
@example(999999.9999999999)
def test_rounding_goes_the_way_it_is_told(value: float) -> None:
    assert rounded(value, -1) <= value <= rounded(value, 1)
    assert rounded(value) == pytest.approx(value, rel=0.051)


def test_one_text_has_no_interval() -> None:
    with pytest.raises(ValueError, match="two sequences"):
        over_all([SequenceDivergence(3, 0.1, 1, 1)])
