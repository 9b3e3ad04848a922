"""Tokenizers of both families: encoding that cannot be tricked, decoding piece by piece."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadTokenizer
from paddock.llama.tokenizer import (
    MAX_HELD_TOKENS,
    ControlTokenInText,
    StreamDecoder,
    TextNotRead,
    Tokenizer,
    encode_prompt,
)
from paddock.starter import starter_folder


@cache
def byte_level() -> Tokenizer:
    return Tokenizer.load(starter_folder())


@cache
def byte_fallback() -> Tokenizer:
    """A SentencePiece-like tokenizer: a few words, and a token for every byte."""
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    words += ["▁", "a", "b", "▁a", "é", "▁the"]
    steps: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    ]
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return Tokenizer(
        {
            "version": "1.0",
            "added_tokens": [
                {"id": i, "content": words[i], "special": True, **special} for i in range(3)
            ],
            "normalizer": {
                "type": "Sequence",
                "normalizers": [
                    {"type": "Prepend", "prepend": "▁"},
                    {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
                ],
            },
            "decoder": {"type": "Sequence", "decoders": steps},
            "model": {
                "type": "BPE",
                "unk_token": "<unk>",
                "fuse_unk": True,
                "byte_fallback": True,
                "vocab": {word: i for i, word in enumerate(words)},
                "merges": ["▁ a"],
            },
        }
    )


BOTH = pytest.mark.parametrize("tokenizer", [byte_level(), byte_fallback()], ids=["bpe", "spm"])


@BOTH
@given(text=st.text())
def test_text_survives_encoding_and_decoding(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@BOTH
@given(text=st.text(), context=st.text())
def test_a_stream_tells_exactly_the_whole_text(
    tokenizer: Tokenizer, text: str, context: str
) -> None:
    before, ids = tokenizer.encode(context), tokenizer.encode(text)
    stream = StreamDecoder(tokenizer, before)
    pieces = [stream.feed(token_id) for token_id in ids]
    told = "".join(pieces) + stream.finish()
    whole = tokenizer.decode([*before, *ids])
    assert context + told == whole
    if "\N{REPLACEMENT CHARACTER}" not in context + text:
        assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)


@BOTH
def test_half_a_character_is_held_back_and_told_when_it_is_whole(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("a🦙")
    stream = StreamDecoder(tokenizer)
    told = [stream.feed(token_id) for token_id in ids]
    assert told[-1].endswith("🦙")
    assert "".join(told) == "a🦙"


def test_a_character_that_never_ends_is_told_as_broken() -> None:
    tokenizer = byte_fallback()
    stream = StreamDecoder(tokenizer, tokenizer.encode("a"))
    first_byte = tokenizer.id_of("<0xF0>")
    assert first_byte is not None
    assert stream.feed(first_byte) == ""
    assert stream.finish() == "\N{REPLACEMENT CHARACTER}"


def test_endless_garbage_is_told_in_bounded_steps() -> None:
    tokenizer = byte_fallback()
    stream = StreamDecoder(tokenizer)
    garbage = tokenizer.id_of("<0xFF>")
    assert garbage is not None
    told = [stream.feed(garbage) for _ in range(4 * MAX_HELD_TOKENS)]
    assert sum(bool(piece) for piece in told) >= 3


@pytest.mark.parametrize("control", ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>"])
def test_a_control_token_that_a_person_types_is_only_text(control: str) -> None:
    tokenizer = byte_level()
    ids = tokenizer.encode(f"a{control}b")
    assert not tokenizer.control_ids.intersection(ids)
    assert tokenizer.decode(ids) == f"a{control}b"
    assert tokenizer.id_of(control) in tokenizer.encode(f"a{control}b", control_tokens=True)


@pytest.mark.parametrize("control", ["<s>", "</s>"])
def test_a_sentencepiece_control_token_that_a_person_types_is_only_text(control: str) -> None:
    tokenizer = byte_fallback()
    ids = tokenizer.encode(f"a{control}")
    assert not tokenizer.control_ids.intersection(ids)
    assert tokenizer.decode(ids) == f"a{control}"


def test_a_tokenizer_whose_merges_spell_a_control_token_is_refused() -> None:
    source = json.loads((starter_folder() / "tokenizer.json").read_text())
    tokenizer = Tokenizer(source)
    tokenizer.control_ids = frozenset(tokenizer.encode("z"))  # as if a file had said so
    with pytest.raises(ControlTokenInText, match="'z'"):
        tokenizer.encode("z")


def test_lone_surrogates_become_replacement_characters() -> None:
    tokenizer = byte_level()
    assert tokenizer.decode(tokenizer.encode("a\ud800b")) == "a\N{REPLACEMENT CHARACTER}b"


def test_the_beginning_token_comes_from_the_caller_alone() -> None:
    tokenizer = byte_level()
    assert encode_prompt(tokenizer, "", None) == []
    assert encode_prompt(tokenizer, "", 7) == [7]
    assert encode_prompt(tokenizer, "Hi", 7) == [7, *tokenizer.encode("Hi")]


def test_a_malformed_tokenizer_is_one_clear_error() -> None:
    with pytest.raises(BadTokenizer, match="cannot be built"):
        Tokenizer({"model": {"type": "BPE", "vocab": {}, "merges": ["no such"]}})


def _vectors(shared_data: Path, family: str) -> list[dict[str, Any]]:
    found = json.loads((shared_data / "tokenizers" / family / "vectors.json").read_text())
    return list(found["cases"] if isinstance(found, dict) else found)


@pytest.mark.parametrize("family", ["llama2", "llama3"])
def test_published_vectors_come_out_and_go_back(shared_data: Path, family: str) -> None:
    tokenizer = Tokenizer.load(shared_data / "tokenizers" / family / "tokenizer.model")
    for case in _vectors(shared_data, family):
        text, ids = case["text"], case["ids"]
        assert tokenizer.encode(text) == ids, text
        stream = StreamDecoder(tokenizer)
        told = "".join(stream.feed(i) for i in ids) + stream.finish()
        assert told == tokenizer.decode(ids)


def hostile(**parts: Any) -> dict[str, Any]:
    return {**json.loads(byte_level().source), **parts}


def swelling(step: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": [step] * 3, "decoders": [step] * 3}


@pytest.mark.parametrize("part", ["normalizer", "decoder"])
@pytest.mark.parametrize(
    "step",
    [
        {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1000},
        {"type": "Replace", "pattern": {"Regex": ""}, "content": "aaaaa"},
        {"type": "Precompiled", "precompiled_charsmap": "AAAAAGFhYWFhYWFhYWFhYWFhAA=="},
    ],
)
def test_a_tokenizer_that_blows_text_up_is_refused(part: str, step: dict[str, Any]) -> None:
    with pytest.raises(BadTokenizer, match="longer without bound"):
        Tokenizer(hostile(**{part: swelling(step)}))


def test_a_tokenizer_with_an_endless_token_is_refused() -> None:
    added = [{"id": 5, "content": "x" * 1_000_000, "special": False}]
    with pytest.raises(BadTokenizer, match="a token of 1000000 characters"):
        Tokenizer(hostile(added_tokens=added))


def test_an_expression_that_takes_too_long_is_an_error_like_others() -> None:
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}
    slow = Tokenizer(hostile(pre_tokenizer={**split, "invert": False}))
    with pytest.raises(TextNotRead):
        slow.encode("a" * 40 + "b")
