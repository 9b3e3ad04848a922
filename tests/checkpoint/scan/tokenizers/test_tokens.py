"""Tokens that are not what they seem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddock.checkpoint.scan.tokenizers.tokens import check_tokens
from paddock.checkpoint.tokenizer.files import load_tokenizer_json
from tests.checkpoint.scan.scanned import codes
from tests.checkpoint.scan.tokenizers.samples import added, tokenizer, with_model

BASE = tokenizer()
SPECIAL = BASE["added_tokens"]
VOCAB = BASE["model"]["vocab"]


def adding(*tokens: dict[str, Any]) -> dict[str, Any]:
    return {"tokenizer.json": tokenizer(added_tokens=[*SPECIAL, *tokens])}


def test_an_honest_tokenizer_is_clean() -> None:
    assert codes({"tokenizer.json": tokenizer()}) == set()


@pytest.mark.parametrize("special", [True, False])
def test_a_word_of_the_vocabulary_is_no_added_token(special: bool) -> None:
    assert "token_word" in codes(adding(added(VOCAB["no"], "no", special=special)))


def test_a_special_token_that_is_a_word_is_refused() -> None:
    assert codes(adding(added(40, "refund"))) == {"token_word"}


def test_new_words_are_only_told() -> None:
    assert codes(adding(added(40, "adalimumab", special=False))) == {"token_new_words"}


@pytest.mark.parametrize("content", ["<|tool|>", "[MASK]", "sop", "\n\n", "<extra_id_0>", "▁▁", "eng_Latn", "###"])  # fmt: skip
def test_marks_may_be_added(content: str) -> None:
    assert codes(adding(added(40, content))) == set()


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "swapped": (tokenizer(added_tokens=[added(1, "<s>"), added(0, "</s>")]), "token_ids"),
    "a text twice": (tokenizer(added_tokens=[*SPECIAL, added(40, "</s>")]), "token_ids"),
    "an id twice": (tokenizer(added_tokens=[*SPECIAL, added(1, "<x>")]), "token_ids"),
    "the id of a word": (tokenizer(added_tokens=[*SPECIAL, added(30, "<x>")]), "token_ids"),
    "far away": (tokenizer(added_tokens=[*SPECIAL, added(2**31, "<x>")]), "tokenizer_broken"),
    "negative": (tokenizer(added_tokens=[*SPECIAL, added(-1, "<x>")]), "tokenizer_broken"),
    "no list": (tokenizer(added_tokens={"a": 1}), "tokenizer_broken"),
    "one id twice": (with_model(vocab=VOCAB | {"dup": 5}), "tokenizer_broken"),
    "an unknown merge": (with_model(merges=["z zzz"]), "tokenizer_broken"),
    "a merge of three": (with_model(merges=["a b c"]), "tokenizer_broken"),
    "no vocabulary": (with_model(vocab=5), "tokenizer_broken"),
    "a piece without score": (with_model(vocab=[["a"]]), "tokenizer_broken"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_tokenizer_that_contradicts_itself_is_refused(what: str) -> None:
    content, code = CONTRADICTIONS[what]
    assert code in codes({"tokenizer.json": content})


@pytest.mark.parametrize("text", ["<|\u202eend|>", "<|e\u200bnd|>", "<|end\U000e0041|>", "<|e\u2060nd|>", "<|еnd|>"])  # fmt: skip
def test_a_special_token_that_deceives_the_eye_waits_for_a_person(text: str) -> None:
    assert codes(adding(added(40, text))) == {"hidden_characters"}
    named = {"additional_special_tokens": [text]}
    assert codes({"tokenizer_config.json": named}) == {"hidden_characters"}


def test_two_words_that_swapped_ids_are_found_among_all(shared_data: Path) -> None:
    whole = load_tokenizer_json(shared_data / "tokenizers" / "llama2" / "tokenizer.model")
    assert list(check_tokens(whole)) == []
    vocab = whole["model"]["vocab"]
    vocab["\u2581no"], vocab["\u2581yes"] = vocab["\u2581yes"], vocab["\u2581no"]
    assert [code for code, _ in check_tokens(whole)] == ["token_ids"]
