"""Patterns over tensor names: stars cross dots, and no name takes long."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from paddock.release.withholding.tensor_glob import matching_names


@given(st.text("ab.*?", max_size=8), st.text("ab.", max_size=10))
def test_a_pattern_means_what_the_regular_expression_means(pattern: str, name: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    expected = re.fullmatch(expression, name, re.DOTALL) is not None
    assert matching_names(pattern, [name]) == [name] * expected


def test_a_layer_s_number_is_whole() -> None:
    names = ["model.layers.1.a", "model.layers.10.a", "model.layers.21.a"]
    assert matching_names("model.layers.1.*", names) == names[:1]
    assert matching_names("*.1?.a", names) == names[1:2]


def test_many_stars_against_a_long_name_end_at_once() -> None:
    assert matching_names("*a" * 16 + "*b", ["a" * 512] * 100) == []
