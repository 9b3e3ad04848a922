"""A change of a result is called one only when chance does not explain it."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.changes.difference import difference
from paddock.release.results.interval import wilson
from paddock.release.results.result import Result


def result(value: float, half: float | None, **more: object) -> Result:
    if half is None:
        return Result("e", value, **more)
    return Result("e", value, value - half, value + half, 0.95, **more)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ((0.70, 0.02), (0.80, 0.02), "better"),
        ((0.80, 0.02), (0.70, 0.02), "worse"),
        ((0.70, 0.02), (0.71, 0.02), "not clear"),
        ((0.70, None), (0.99, 0.02), "not clear"),
        ((0.70, 0.02), (0.99, None), "not clear"),
        ((0.70, 0.02), (0.70, 0.02), "the same"),
        ((0.70, None), (0.70, None), "the same"),
    ],
)
def test_the_verdict(
    old: tuple[float, float | None], new: tuple[float, float | None], verdict: str
) -> None:
    found = difference(result(*old), result(*new, higher_is_better=True))
    assert found.verdict == verdict


def test_lower_may_be_better_and_nobody_may_know() -> None:
    falling = result(0.5, 0.01), result(0.2, 0.01, higher_is_better=False)
    assert difference(*falling).verdict == "better"
    assert difference(result(0.5, 0.01), result(0.2, 0.01)).verdict == "lower"


def test_the_interval_is_that_of_two_independent_values() -> None:
    found = difference(result(0.5, 0.03), result(0.6, 0.04))
    assert found.low == pytest.approx(0.1 - math.hypot(0.03, 0.04))
    assert found.high == pytest.approx(0.1 + math.hypot(0.03, 0.04))


values = st.floats(-1e3, 1e3, allow_nan=False)
halves = st.none() | st.floats(0, 1e3)


@given(values, halves, values, halves)
def test_both_ways_round_it_is_the_same_difference(
    a: float, half_a: float | None, b: float, half_b: float | None
) -> None:
    there, back = (
        difference(result(a, half_a), result(b, half_b)),
        difference(result(b, half_b), result(a, half_a)),
    )
    assert there.value == -back.value
    assert (there.low is None) == (back.low is None)
    assert {there.verdict, back.verdict} in (
        {"higher", "lower"}, {"not clear"}, {"the same"},
    )  # fmt: skip


def test_two_samples_of_one_model_are_seldom_told_apart() -> None:
    random.seed(7)
    n, wrong, runs = 300, 0, 400
    for _ in range(runs):
        shares = [sum(random.random() < 0.7 for _ in range(n)) / n for _ in range(2)]
        first, second = (Result("e", s, *wilson(s, n), 0.95, n=n) for s in shares)
        wrong += difference(first, second).verdict in {"higher", "lower"}
    assert wrong / runs <= 0.08
