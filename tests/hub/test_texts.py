"""Texts of people: kept as they are, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import BadInput
from paddock.hub.texts import check_line, check_lines


def test_space_around_and_ends_of_lines_are_put_right() -> None:
    assert check_line("x", "  a \n b\t", 10) == "a b"
    assert check_lines("x", "\r\na\r\nb\r\n", 10) == "a\nb"
    assert check_lines("x", "ünï 🦙", 10) == "ünï 🦙"


@pytest.mark.parametrize("text", ["a\0b", "\x1b[1m", "\ud800", "\x7f", "\u0085x", "x" * 11])
def test_what_cannot_be_kept_or_shown_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        check_lines("x", f"a{text}a", 10)


def test_too_little_is_refused_too() -> None:
    with pytest.raises(BadInput, match="has 0 characters"):
        check_line("the title", " \n ", 10, least=1)


@given(text=st.text())
def test_what_passes_can_be_stored_and_sent(text: str) -> None:
    try:
        kept = check_lines("x", text, 50)
    except BadInput:
        return
    assert "\0" not in kept and len(kept) <= 50
    kept.encode()
