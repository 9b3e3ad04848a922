"""Vocabularies of three kinds, and walks that take any allowed token."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from paddock.engine.grammar.matching import Matcher, Vocabulary
from paddock.llama.tokenizer import Tokenizer
from paddock.starter import starter_folder

TOKENIZERS = Path(__file__).parents[4] / "shared" / "data" / "tokenizers"
NAMES = ("starter", "llama2", "llama3")
PADDING = 67  # ids that the model has and the tokenizer has not


@cache
def tokenizer(name: str) -> Tokenizer:
    folder = starter_folder() if name == "starter" else TOKENIZERS / name
    if not folder.exists():
        pytest.skip(f"{folder} is not here")
    return Tokenizer.load(folder)


@cache
def vocabulary(name: str = "starter") -> Vocabulary:
    known = tokenizer(name)
    ends = sorted(known.control_ids)[-2:]
    return Vocabulary(known._source, known.vocab_size + PADDING, ends)


def allowed(matcher: Matcher) -> list[int]:
    flags = np.unpackbits(matcher.mask().view(np.uint8), bitorder="little")
    return [int(n) for n in np.flatnonzero(flags)]


def text_of(name: str, tokens: list[int]) -> str:
    """What the tokens read where they follow others, as output follows its prompt."""
    before = tokenizer(name).encode("x")
    whole = tokenizer(name).decode(before + tokens)
    assert whole.startswith("x")
    return whole[1:]


def walk(name: str, matcher: Matcher, seed: int) -> str:
    """The text of random allowed tokens; after a while those that close come first."""
    chance = random.Random(seed)
    known = vocabulary(name)
    tokens: list[int] = []
    while len(tokens) < 300:
        choices = allowed(matcher)
        assert not tokenizer(name).control_ids & set(choices) - set(known.eos_ids)
        assert max(choices) < tokenizer(name).vocab_size
        assert set(known.eos_ids) <= set(choices) or not set(known.eos_ids) & set(choices)
        assert matcher.is_complete() == (known.eos_ids[0] in choices)
        rest = [token for token in choices if token not in known.eos_ids]
        if not rest or (matcher.is_complete() and (chance.random() < 0.3 or len(tokens) > 15)):
            assert matcher.accept(known.eos_ids[-1])
            return text_of(name, tokens)
        token = chance.choice(rest) if len(tokens) < 15 else min(rest, key=_closing(known, chance))
        assert matcher.accept(token)
        tokens.append(token)
    pytest.fail(f"no end came: {text_of(name, tokens)!r}")


def _closing(known: Vocabulary, chance: random.Random) -> Callable[[int], tuple[bool, int, float]]:
    def key(token: int) -> tuple[bool, int, float]:
        piece = known._tokenizer.decode_bytes([token])
        return piece not in (b'"', b"]", b"}"), len(piece), chance.random()

    return key
