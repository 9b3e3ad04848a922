"""What a card asks, and which answers do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.gates.countries import COUNTRIES, find_country
from paddock.hub.gates.forms import BadAnswer, check_answers, read_gate

CARD = {
    "extra_gated_heading": "Say who you are",
    "extra_gated_fields": {
        "Company": "text",
        "Country": "country",
        "Since": "date_picker",
        "Use": {"type": "select", "options": ["Research", {"label": "Else", "value": "other"}]},
        "I agree": "checkbox",
    },
}
GOOD = {
    "Company": " ACME ", "Country": "fr", "Since": "2026-01-31", "Use": "other", "I agree": "on",
    "Nobody asked": "x",
}  # fmt: skip


def test_answers_are_kept_as_the_fields_want_them() -> None:
    assert check_answers(read_gate(CARD), GOOD) == {
        "Company": "ACME", "Country": "France", "Since": "2026-01-31", "Use": "other",
        "I agree": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "answer"),
    [
        ("Company", ""), ("Company", None), ("Company", "x" * 2001), ("Company", "a\0b"), 
        ("Company", "\ud800"), ("Company", "\x1b[2J"),
        ("Company", {"a": 1}), ("Country", "Atlantis"), ("Since", "31.1.2026"), ("Since", "soon"),
        ("Use", "Else"), ("Use", ["other", "Research"]), ("I agree", False), ("I agree", "off"),
        ("I agree", None),
    ],
)  # fmt: skip
def test_a_bad_answer_is_refused_by_its_fields_name(field: str, answer: Any) -> None:
    with pytest.raises(BadAnswer, match=field):
        check_answers(read_gate(CARD), GOOD | {field: answer})


def test_a_gate_without_fields_keeps_nothing() -> None:
    assert check_answers(read_gate({}), {"x": "y"}) is None
    assert check_answers(read_gate(None), {}) is None


def test_every_country_is_found_by_its_code_and_name() -> None:
    assert len(COUNTRIES) == 249
    for code, name in COUNTRIES.items():
        assert find_country(code.lower()) == find_country(f" {name.upper()} ") == name
    assert find_country("USA") == "United States" and find_country("XX") is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(card=st.dictionaries(st.sampled_from([*CARD, "extra_gated_prompt"]), json_values))
def test_any_card_makes_a_gate(card: dict[str, Any]) -> None:
    gate = read_gate(card)
    assert len(gate.fields) <= 50


@given(answers=st.dictionaries(st.sampled_from([*GOOD]), json_values))
def test_any_answers_are_kept_or_refused(answers: dict[str, Any]) -> None:
    try:
        kept = check_answers(read_gate(CARD), answers)
    except BadAnswer:
        return
    assert kept is not None and list(kept) == list(CARD["extra_gated_fields"])
