"""Words that somebody meant to replace, and words that only look like them."""

from __future__ import annotations

import pytest

from paddock.release.documents.placeholders import find_placeholder, placeholder_checks


@pytest.mark.parametrize(
    "text",
    [
        "[More Information Needed]",
        "more information needed",
        "TODO: describe the data",
        "Contact: TBD",
        "License: XXX",
        "Lorem ipsum dolor",
        "{{ card_data }}",
        '{{ model_summary | default("", true) }}',
        "By [Your name here]",
        "[insert description]",
        "<your organisation>",
    ],
)
def test_left_over_words_are_found(text: str) -> None:
    assert find_placeholder(f"Before. {text} after") is not None
    (check,) = placeholder_checks({"README.md": f"# x\n\n{text}\n", "use.direct": "Chat."})
    assert (check.id, check.status) == ("documents.placeholder:README.md", "unmet")


@pytest.mark.parametrize(
    "text",
    [
        "For more information see the paper.",
        "It keeps a to-do list and todo items.",
        "{{ bos_token }}{% for message in messages %}",
        "[your guide](https://acme.example/guide)",
        "Grades range from XX to XXL.",
        "Use `list[str]`.",
    ],
)
def test_honest_words_are_not(text: str) -> None:
    assert find_placeholder(text) is None
    assert [check.status for check in placeholder_checks({"a": text})] == ["met"]
