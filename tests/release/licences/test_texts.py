"""One text in many copies is one text; one word changed, and it is another."""

from __future__ import annotations

import textwrap
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from paddock.release.licences.texts import begins_in, digest_of, is_in, known_as, plain

TEXT = "ACME LICENCE 1\n\nYou may use, copy and “change” it — as long as you bake a cake.\nTHE END"
KNOWN = known_as("ACME LICENCE 1", TEXT, "THE END")


def test_line_breaks_quotes_and_markdown_do_not_change_a_text() -> None:
    for copy in (
        textwrap.fill(TEXT, 20),
        "# **ACME LICENCE 1**\n\n> You may *use*, copy and \"change\" it - as long as you bake a "
        "[cake](https://cake.example).\n\nTHE END\n",
        "Copyright 2026 somebody\n\n" + TEXT + "\n\nAnother licence begins here.",
    ):  # fmt: skip
        assert is_in(KNOWN, plain(copy))


def test_one_changed_word_is_another_text() -> None:
    for copy in (TEXT.replace("may", "must"), TEXT.replace("a cake", "cake"), TEXT[:-9]):
        assert not is_in(KNOWN, plain(copy))
        assert begins_in([KNOWN], plain(copy))
    assert not begins_in([KNOWN], plain("something else"))


@given(st.text(max_size=200))
def test_any_text_has_a_digest_that_white_space_around_it_does_not_change(text: str) -> None:
    assert digest_of(f"\n{text}\n  ") == digest_of(text)


def test_a_real_licence_with_one_word_less_is_not_known(shared_data: Path) -> None:
    text = (shared_data / "llama-terms" / "llama3_1" / "LICENSE").read_text(encoding="utf-8")
    known = known_as(
        "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT", text, "arising out of this Agreement."
    )
    assert is_in(known, plain(text))
    assert not is_in(known, plain(text.replace("prominently display", "display")))
