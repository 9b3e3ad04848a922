"""A tokenizer.model made again from a tokenizer.json, or a reason why there can be none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import tiktoken.load

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.tokenizer.files import (
    LoadedTokenizer,
    TokenizerFile,
    TokenizerKind,
    load_tokenizer,
)
from paddock.checkpoint.tokenizer.sentencepiece import parse_sentencepiece
from paddock.checkpoint.tokenizer.tiktoken import parse_ranks, special_tokens
from paddock.checkpoint.tokenizer.tokenizer_json import (
    SpecialNames,
    from_ranks,
    from_sentencepiece,
    sentencepiece_names,
)
from paddock.checkpoint.tokenizer.tokenizer_model import render_tokenizer_model

TEXTS = (
    "", " ", "Hello world", "  two  spaces\n\n\ttab", "日本語 and 🎉🎉", "x" * 50,
    "def f(x):\n    return x**2   # hi", "naïve café", "1234567890", "\u00a0odd\u2003spaces",
)  # fmt: skip
RANKS = (*(bytes([value]) for value in range(256)), b"th", b"the", b" the", b"in", b"ing")


def llama_2(shared_data: Path) -> tuple[bytes, LoadedTokenizer]:
    raw = (shared_data / "tokenizers" / "llama2" / "tokenizer.model").read_bytes()
    model = parse_sentencepiece(raw, "tokenizer.model")
    return raw, LoadedTokenizer(from_sentencepiece(model), sentencepiece_names(model))


def small_llama_3() -> LoadedTokenizer:
    special = special_tokens(is_llama_3_0=False)
    return LoadedTokenizer(from_ranks(RANKS, special), SpecialNames(special[0], special[1], None))


def test_llama_2s_model_speaks_as_the_original(shared_data: Path) -> None:
    original, tokenizer = llama_2(shared_data)
    made = render_tokenizer_model(tokenizer)
    ours = sentencepiece.SentencePieceProcessor(model_proto=made)
    theirs = sentencepiece.SentencePieceProcessor(model_proto=original)
    for text in TEXTS:
        ids = theirs.encode(text)
        assert ours.encode(text) == ids
        assert ours.decode(ids) == theirs.decode(ids)
    for name in ("bos_id", "eos_id", "unk_id", "pad_id", "vocab_size"):
        assert getattr(ours, name)() == getattr(theirs, name)()
    again = from_sentencepiece(parse_sentencepiece(made, "made"))
    assert again == tokenizer.tokenizer_json


def test_llama_3s_ranks_come_back_to_the_byte(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "tokenizers" / "llama3" / "tokenizer.model"
    made = render_tokenizer_model(load_tokenizer(TokenizerFile(path, TokenizerKind.TIKTOKEN)))
    assert made == path.read_bytes()
    (tmp_path / "tokenizer.model").write_bytes(made)
    assert len(tiktoken.load.load_tiktoken_bpe(str(tmp_path / "tokenizer.model"))) == 128000


def test_ranks_come_back() -> None:
    raw = render_tokenizer_model(small_llama_3())
    assert parse_ranks(raw, "made") == RANKS


def test_a_metaspace_tokenizer_is_a_sentencepiece_model_too(shared_data: Path) -> None:
    """As newer conversions of Llama 2 spell the same treatment of spaces."""
    _, tokenizer = llama_2(shared_data)
    json = tokenizer.tokenizer_json | {
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False,
        },
    }  # fmt: skip
    made = render_tokenizer_model(tokenizer._replace(tokenizer_json=json))
    assert made == render_tokenizer_model(tokenizer)


def without_a_merge(tokenizer: dict[str, Any]) -> None:
    tokenizer["model"]["merges"].pop()


def in_another_order(tokenizer: dict[str, Any]) -> None:
    tokenizer["model"]["merges"].reverse()


def with_another_split(tokenizer: dict[str, Any]) -> None:
    tokenizer["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = r"\w+"


def with_another_special_token(tokenizer: dict[str, Any]) -> None:
    tokenizer["added_tokens"][5]["content"] = "<|mine|>"


def of_another_kind(tokenizer: dict[str, Any]) -> None:
    tokenizer["model"] = {"type": "WordLevel", "vocab": {"a": 0}}


@pytest.mark.parametrize(
    "change",
    [
        without_a_merge,
        in_another_order,
        with_another_split,
        with_another_special_token,
        of_another_kind,
    ],
)
def test_what_would_encode_differently_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    tokenizer = copy.deepcopy(small_llama_3())
    change(tokenizer.tokenizer_json)
    with pytest.raises(BadTokenizer, match=r"has no tokenizer\.model") as refused:
        render_tokenizer_model(tokenizer)
    assert refused.value.reason == "no_tokenizer_model"
