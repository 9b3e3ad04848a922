"""What a report may hold: to the letter, within bounds, and nothing that nests."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import BadInput, PaddockError, TooLarge
from paddock.hub.reports.evidence import MAX_ASKED_CHARS, MAX_TURNS, read_evidence, read_settings

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)


@given(TEXT.filter(lambda text: bool(text.strip())), TEXT, TEXT)
def test_texts_are_kept_to_the_letter(asked: str, output: str, expected: str) -> None:
    evidence = read_evidence([("system", ""), ("user", asked)], {}, output, expected)
    assert evidence.turns[1] == ("user", asked)
    assert (evidence.output, evidence.expected) == (output, expected)


@pytest.mark.parametrize(
    "turns",
    [[], [("user", " \n")], [("root", "x")], [("prompt", "x"), ("user", "y")], [("user", "a\0")],
     [("user", "\ud800")], [("user", "x")] * (MAX_TURNS + 1),
     [("user", "x" * 150_000), ("assistant", "x" * 60_000)], [("user", "x" * 1_000_000)]],
)  # fmt: skip
def test_a_conversation_that_is_none_or_too_much_is_refused(turns: list[tuple[str, str]]) -> None:
    with pytest.raises(BadInput):
        read_evidence(turns, {}, "", "")


def test_a_megabyte_is_refused_with_the_bound() -> None:
    with pytest.raises(TooLarge, match=str(MAX_ASKED_CHARS)):
        read_evidence([("user", "x" * 1_000_000)], {}, "", "")


def test_settings_are_those_of_the_served_api() -> None:
    said = {"seed": 7, "temperature": 0, "top_p": 0.5, "stop": ["\n", ""], "max_tokens": None}
    assert read_settings(said) == {"temperature": 0.0, "top_p": 0.5, "seed": 7, "stop": ["\n"]}


def test_the_served_api_knows_every_setting() -> None:
    fields = pytest.importorskip("paddock.serve.api.generation_fields").GenerationFields
    from paddock.hub.reports.evidence import SETTINGS

    assert set(SETTINGS) <= set(fields.model_fields)


@pytest.mark.parametrize(
    "settings",
    [{"temperature": "hot"}, {"temperature": float("nan")}, {"top_p": 2}, {"seed": 2**60},
     {"seed": True}, {"max_tokens": 0}, {"max_tokens": 1.5}, {"stop": [[]]}, {"stop": ["a"] * 5},
     {"__class__": 1}, {"temperature": [[[[]]]]}, {"temperature": 10**400}],
)  # fmt: skip
def test_other_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(PaddockError):
        read_settings(settings)


def test_what_is_read_from_yaml_is_what_was_said() -> None:
    odd = "a: b\n- !!python/object:os.system\n\x85\u2028 \t\x1b[31m#"
    assert yaml.safe_load(yaml.safe_dump({"prompt": odd}, allow_unicode=True)) == {"prompt": odd}
