"""Regular expressions: the published ones are fine, the endless ones are not."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.scan.tokenizers.patterns import NotRead, characters_of, slow_parts
from paddock.checkpoint.tokenizer.tiktoken import SPLIT_PATTERN
from tests.checkpoint.scan.scanned import codes
from tests.checkpoint.scan.tokenizers.samples import tokenizer

PUBLISHED = [
    SPLIT_PATTERN,
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t)?|\p{N}{1,3}",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+",
    r"[一-龥぀-ゟ゠-ヿ]+",
    r"[^(\s|[.,!?…。，、।۔،])]+",
    r"\d{1,3}(?=(?:\d{3})*\b)",
    r"(?:[^\"\\]|\\.)*",
    r"(\s+\w+)*",
    r"(?:foo|far)*",
    " {2,}",
    r"[[:alpha:]&&[^q]]+",
]
ENDLESS = [
    "(a+)+$",
    "(a|a)*b",
    "(.*)*x",
    "(a|aa)+$",
    r"(\s*)*!",
    "(x+x+)+y",
    "a{1,65535}{1,65535}",
    r"( ?\w+)*$",
    r"(\w+\s?)+x",
    r"(a{1,3})+b",
    r"(?:\w|\d)+$",
    r"(.*a){12}",
    r"([a-zA-Z]+)*!",
    r"\s*\s*\s*x",
    r"(?i:(A+a+)+)y",
    r"(?=(a+)+$)b",
]


@pytest.mark.parametrize("pattern", PUBLISHED)
def test_a_published_pattern_is_clean(pattern: str) -> None:
    assert list(slow_parts(pattern)) == []


@pytest.mark.parametrize("pattern", ENDLESS)
def test_an_endless_pattern_is_refused(pattern: str) -> None:
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"}
    assert "tokenizer_pattern" in codes({"tokenizer.json": tokenizer(pre_tokenizer=split)})


def test_what_is_not_understood_waits_for_a_person() -> None:
    for pattern in (r"(a)\1", "(", "a)", "[a", r"\p", "(?P>x)", "(" * 100):
        split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"}
        assert codes({"t.json": tokenizer(pre_tokenizer=split)}) == {"tokenizer_rule"}, pattern


def test_characters_are_those_of_the_classes() -> None:
    assert {"a", "Q"} <= characters_of(r"\w+") and " " not in characters_of(r"\w+")
    assert characters_of(r"[^\S\n]") & set(" \n") == {" "}
    assert characters_of(r"(?i)q") == {"q", "Q"}


PARTS = st.sampled_from(["a", "b", "ab", "a+", "b*", "(a|b)", "(ab)*", "(a|ba)*", "c?", "[ab]", "(a+c)*", "(b*c)+"])  # fmt: skip


@given(st.lists(PARTS, min_size=1, max_size=4).map("".join))
def test_patterns_that_are_called_clean_are_fast(pattern: str) -> None:
    """Python's engine backtracks as Oniguruma does; what is called clean must not explode in it."""
    if not list(slow_parts(pattern)):
        began = time.process_time()
        for text in ("a" * 40 + "!", "ab" * 20 + "!", "b" * 40 + "!", "c" * 40 + "!"):
            re.fullmatch(pattern, text)
        assert time.process_time() - began < 1


@given(st.text(alphabet="ab(|)[]^-*+?{}1,9\\pLswd.$&:!=<>i", max_size=30))
def test_any_text_is_read_or_refused(pattern: str) -> None:
    try:
        list(slow_parts(pattern))
        characters_of(pattern)
    except NotRead:
        pass
