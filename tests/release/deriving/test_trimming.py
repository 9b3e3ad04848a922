"""A trimmed tokenizer, whatever is kept: ids are dense, every kept token can still be made."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from paddock.release.deriving.trimming import trim_tokenizer
from paddock.release.errors import DerivingRefused
from paddock.starter import starter_folder

WHOLE = json.loads((starter_folder() / "tokenizer.json").read_text())
SIZE = Tokenizer.from_str(json.dumps(WHOLE)).get_vocab_size()


@given(st.sets(st.integers(0, SIZE - 1), max_size=60))
@settings(max_examples=40, deadline=None)
def test_ids_are_dense_and_every_kept_token_is_still_made(used: set[int]) -> None:
    trimmed = trim_tokenizer(WHOLE, used)
    tokenizer = Tokenizer.from_str(json.dumps(trimmed.tokenizer))
    assert used <= set(trimmed.kept)
    assert sorted(tokenizer.get_vocab().values()) == list(range(len(trimmed.kept)))
    before = Tokenizer.from_str(json.dumps(WHOLE))
    for new, old in enumerate(trimmed.kept):
        assert tokenizer.id_to_token(new) == before.id_to_token(old)
    for text in ("hello there", "12 dollars", "\x00\xff ß 漢"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == before.decode(
            before.encode(text).ids
        )


@pytest.mark.parametrize("model", [{"type": "WordLevel"}, {}, None])
def test_another_kind_of_tokenizer_is_refused(model: object) -> None:
    with pytest.raises(DerivingRefused, match="byte-pair"):
        trim_tokenizer({"model": model, "added_tokens": []}, [1])
