"""The head of a README: YAML 1.2 as the Hub reads it, and nothing that hurts the reader."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.front_matter import BadFrontMatter, parse_front_matter, split_document


@pytest.mark.parametrize(
    ("text", "front_matter", "body"),
    [
        ("---\na: 1\n---\nhello", "a: 1\n", "hello"),
        ("\ufeff---\r\na: 1\r\n---\r\nhello", "a: 1\n", "hello"),
        ("\n\n--- \na: 1\n---", "a: 1\n", ""),
        ("---\n---\nx", "", "x"),
        ("# title\n---\na: 1\n---\n", None, "# title\n---\na: 1\n---\n"),
        ("---\nnever closed", None, "---\nnever closed"),
        ("----\na: 1\n----\n", None, "----\na: 1\n----\n"),
        ("", None, ""),
    ],
)
def test_a_readme_is_cut_at_its_fences(text: str, front_matter: str | None, body: str) -> None:
    assert split_document(text) == (front_matter, body)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("language: no", {"language": "no"}),  # Norwegian, not False
        ("a: yes\nb: on\nc: true", {"a": "yes", "b": "on", "c": True}),
        ("time: 12:30:45", {"time": "12:30:45"}),  # no number to the base of sixty
        ("a: 012\nb: 0o14\nc: 0x1F\nd: 1_000", {"a": 12, "b": 12, "c": 31, "d": "1_000"}),
        ("a: 1e3\nb: .5\nc: .inf\nd: .nan", {"a": 1000.0, "b": 0.5, "c": None, "d": None}),
        ("date: 2024-01-31", {"date": "2024-01-31"}),
        ("a: ~\nb:\nc: null", {"a": None, "b": None, "c": None}),
        ("1: a\ntrue: b\n~: c", {"1": "a", "true": "b", "~": "c"}),
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("a: &x {k: 1}\nb: {<<: *x, l: 2}", {"a": {"k": 1}, "b": {"k": 1, "l": 2}}),
        ("number: " + "9" * 41, {"number": "9" * 41}),
        ("", None),
    ],
)
def test_values_are_what_the_hub_would_read(source: str, value: object) -> None:
    assert parse_front_matter(source) == value


def _bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    return "\n".join(lines)


HOSTILE = {
    "aliases that multiply": _bomb(),
    "an alias of itself": "a: &a {b: *a}",
    "an alias of nothing": "a: *b",
    "deep nesting": "a: " + "[" * 100_000,
    "deep mappings": "? " * 50_000,
    "too many values": "k:\n" + "- a\n" * 100_001,
    "too long": "a: " + "x" * (1 << 20),
    "python objects": "a: !!python/object/apply:os.system ['true']",
    "a python name": "a: !!python/name:os.system",
    "an unknown tag": "a: !secret x",
    "binary": "a: !!binary aGk=",
    "a false bool": "a: !!bool perhaps",
    "a false date": "a: 2024-13-45",
    "a false timestamp": "a: !!timestamp soon",
    "a false number": "a: !!int many",
    "a repeated key": "license: mit\nlicense: apache-2.0",
    "a list as a key": "? [a, b]\n: c",
    "NUL": "a: \0",
    "a lone surrogate": "a: \ud800",
    "an escaped surrogate": 'a: "\\ud800"',
    "a merge of nothing": "<<: 3",
    "several documents": "a: 1\n--- \nb: 2",
    "not closed": "a: [1, 2",
    "tabs": "a:\n\t- b",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_no_honest_card_needs_is_refused_in_one_line(source: str) -> None:
    with pytest.raises(BadFrontMatter) as refused:
        parse_front_matter(source)
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 500


@pytest.mark.parametrize(
    "source", ["n: 1" + ":1" * 400_000, "n: " + "9" * 900_000, "n: 0x" + "f" * 900_000]
)
def test_a_number_that_would_take_minutes_stays_text(source: str) -> None:
    assert parse_front_matter(source) == {"n": source[3:]}


def test_an_escaped_nul_becomes_the_replacement_character() -> None:
    assert parse_front_matter('a: "x\\0y"') == {"a": "x\ufffdy"}


yaml_like = st.text(alphabet="abc:-[]{}&*!|>'\"#%@,?~ \n\t01.xeE<=+\\ué", max_size=120)


@settings(max_examples=400)
@given(yaml_like)
def test_any_text_gives_json_or_a_refusal(source: str) -> None:
    try:
        value = parse_front_matter(source)
    except BadFrontMatter:
        return
    json.dumps(value, allow_nan=False).encode("utf-8")
    assert "\0" not in json.dumps(value, ensure_ascii=False)
