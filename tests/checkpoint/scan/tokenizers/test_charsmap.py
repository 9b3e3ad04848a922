"""SentencePiece's compiled normalizer, built here as Darts-clone lays it out."""

from __future__ import annotations

import base64
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.scan.tokenizers.charsmap import ascii_replacements
from tests.checkpoint.scan.scanned import codes
from tests.checkpoint.scan.tokenizers.samples import tokenizer


def compiled(rules: dict[str, str]) -> bytes:
    """A double array of one block of 256 units for each prefix, and the texts behind it."""
    texts, starts = b"", {}
    for word, becomes in rules.items():
        starts[word.encode()] = len(texts)
        texts += becomes.encode() + b"\0"
    prefixes = sorted({word[:n] for word in starts for n in range(len(word) + 1)})
    block = {prefix: 256 * (number + 1) for number, prefix in enumerate(prefixes)}
    units = [0] * (256 * (len(prefixes) + 1))
    places = {b"": 0}
    for prefix in prefixes[1:]:
        places[prefix] = block[prefix[:-1]] + prefix[-1]
    for prefix, at in places.items():
        offset = at ^ block[prefix]
        units[at] = offset << 10 | (prefix in starts) << 8 | (prefix[-1] if prefix else 0)
        if prefix in starts:
            units[block[prefix]] = 0x80000000 | starts[prefix]
    raw = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(raw)) + raw + texts


def test_a_word_that_becomes_another_is_found() -> None:
    charsmap = compiled({"paypal": "paypa1", "no": "yes", "A": "a", "\uff21": "A"})
    assert sorted(ascii_replacements(charsmap)) == [("no", "yes"), ("paypal", "paypa1")]


def test_folding_case_and_forms_is_honest() -> None:
    assert list(ascii_replacements(compiled({"A": "a", "Z": "z", "\ufb01": "fi"}))) == []


def test_it_is_looked_into_inside_a_tokenizer() -> None:
    for rules, expected in (({"paypal": "paypa1"}, {"tokenizer_rewrite"}), ({"A": "a"}, set())):
        text = base64.b64encode(compiled(rules)).decode()
        step = {"type": "Precompiled", "precompiled_charsmap": text}
        assert codes({"tokenizer.json": tokenizer(normalizer=step)}) == expected


@pytest.mark.parametrize("raw", [b"", b"\0" * 8, b"\xff" * 40, compiled({"a": "b"})[:-2000]])
def test_a_damaged_one_is_refused(raw: bytes) -> None:
    with pytest.raises(BadTokenizer):
        list(ascii_replacements(raw))


@given(st.binary(max_size=400))
def test_no_bytes_break_or_stall_it(raw: bytes) -> None:
    body = raw[: len(raw) // 4 * 4]
    with suppress(BadTokenizer):
        list(ascii_replacements(struct.pack("<I", len(body)) + body + b"x\0"))
