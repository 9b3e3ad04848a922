"""Texts are cut into the same words, whoever wrote them and whoever looks for them."""

from __future__ import annotations

import pytest

from paddock.hub.catalogue.words import MAX_WORD_CHARS, MAX_WORDS, words_asked, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Qwen2.5-7B_Instruct", ["qwen2", "5", "7b", "instruct"]),
        ("Größe der Straße, größe", ["grosse", "der", "strasse"]),
        ("\u0041\u030angstro\u0308m ÅNGSTRÖM", ["angstrom"]),
        ("naïve café", ["naive", "cafe"]),
        ("тёплый ЧАЙ", ["теплыи", "чаи"]),
        ("模型很好", ["模型", "型很", "很好", "好"]),
        ("abc模型def", ["abc", "模型", "型", "def"]),
        ("'); DROP TABLE x; -- \" * ^ \0 NEAR(", ["drop", "table", "x", "near"]),
        ("— & …", []),
    ],
)
def test_words_are_folded_and_cut(text: str, words: list[str]) -> None:
    assert words_of([text]) == words
    assert words_asked(text) == words


def test_what_is_kept_of_a_text_is_bounded() -> None:
    words = words_of(["x" * 10_000, " ".join(f"w{number}" for number in range(5_000))])
    assert len(words) == MAX_WORDS
    assert max(map(len, words)) == MAX_WORD_CHARS


def test_a_part_of_a_sentence_without_spaces_is_found_by_its_words() -> None:
    kept = words_of(["これは小さなモデルです"])
    for asked in ("モデル", "小さな", "す", "です"):
        assert all(any(k.startswith(word) for k in kept) for word in words_asked(asked))
