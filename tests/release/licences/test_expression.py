"""SPDX expressions: what is well formed, and what they offer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.licences.expression import alternatives, expression_problem, names_in


@pytest.mark.parametrize(
    "text",
    ["MIT", "X AND (MIT OR BSD-3-Clause)", "GPL-2.0-only WITH Classpath-exception-2.0",
     "our own terms", "a | b", "((MIT))"],
)  # fmt: skip
def test_well_formed_expressions_pass(text: str) -> None:
    assert expression_problem(text) is None


@pytest.mark.parametrize(
    "text",
    ["Apache-2.0 AND", "(MIT", "MIT)", "AND MIT", "MIT Apache-2.0 AND x", "MIT AND OR x", "()",
     "A WITH (B)", "(A OR B) WITH C", "OR", "(MIT)(X)", " AND ".join(["(A OR B)"] * 8),
     "(" * 300 + "A" + ")" * 300, " AND ".join(["A"] * 5000)],
)  # fmt: skip
def test_malformed_and_endless_ones_do_not(text: str) -> None:
    assert expression_problem(text)
    assert alternatives(text) == ()


def test_an_expression_offers_alternatives_of_names_that_hold_together() -> None:
    assert alternatives("A AND (B OR C) AND D WITH E") == (
        frozenset({"A", "B", "D"}),
        frozenset({"A", "C", "D"}),
    )
    assert names_in("A AND B OR C") == {"A", "B", "C"}
    assert alternatives("our own terms") == (frozenset({"our own terms"}),)


@given(st.text(alphabet="AB() ORNDWITH", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    if expression_problem(text) is None:
        assert alternatives(text)
