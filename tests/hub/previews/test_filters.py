"""Conditions as people write them, and as they are read back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.previews.filters import BadFilter, parse_filter, render_filter
from paddock.hub.previews.questions import Comparison, Condition


def test_a_filter_is_conditions_between_ands() -> None:
    text = 'age >= 30 and "full name" contains "Ann \\"B\\"" AND lang!=en'
    text += " and x is null and y IS not NULL"
    assert parse_filter(text) == (
        Condition("age", Comparison.AT_LEAST, "30"),
        Condition("full name", Comparison.CONTAINS, 'Ann "B"'),
        Condition("lang", Comparison.UNEQUAL, "en"),
        Condition("x", Comparison.IS_NULL),
        Condition("y", Comparison.IS_NOT_NULL),
    )
    assert parse_filter("  ") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age", "a test is missing"),
        ("age >", "a value is missing"),
        ("age > 3 or age < 1", "stands and, no 'or'"),
        ("age like x", "'like' is no test"),
        ("age is 3", "no '3'"),
        ('"age > 3', "a column is missing before"),
        ('a = "\\x"', "no text in quotes"),
        ("a = 1; drop table users", "stands and, no 'drop'"),
        ("a = 1 and", "a column is missing"),
        (" and ".join(["a = 1"] * 9), "more than 8"),
        ("a = " + "x" * 2000, "more than 2000"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse_filter(text)
    assert said in refused.value.message


_written = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(_written, st.sampled_from(Comparison), _written), max_size=8))
def test_what_is_written_reads_back(told: list[tuple[str, Comparison, str]]) -> None:
    conditions = tuple(Condition(c, t, v if t.takes_value else "") for c, t, v in told)
    assert parse_filter(render_filter(conditions)) == conditions


@given(st.text(alphabet=list('ab "\\=<>!isnull and\n\x00'), max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    with contextlib.suppress(BadFilter):
        parse_filter(text)
