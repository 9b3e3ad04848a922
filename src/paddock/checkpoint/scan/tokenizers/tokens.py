"""Added tokens, vocabulary and merges: whether they say what they seem to say.

An added token is cut out of a text before anything else is done, and a special one is left out of
answers. So an ordinary word among them changes what the model reads or what people see.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from paddock.checkpoint.scan.templates.sentences import hidden_character
from paddock.checkpoint.tokenizer.files import MAX_VOCAB
from paddock.errors import shown

Json = dict[str, Any]
Finding = tuple[str, str]

MIN_MERGES = 50  # fewer say nothing about an order
MAX_STRAYS = 200
_SHOWN = 5
# Special tokens of published models that look like words.
_KNOWN_WORDS = frozenset((
    "sop", "eop", "gmask", "smask", "mask", "pad", "unk", "bos", "eos", "cls", "sep", "eod", "eot",
    "eos_token", "bos_token",
))  # fmt: skip
# Where one word decides: nobody adds these to a vocabulary that lacks them.
_DECIDING = frozenset((
    "no", "not", "yes", "never", "none", "nor", "cannot", "true", "false", "and", "or", "if",
    "allow", "deny", "safe", "unsafe", "stop", "the",
))  # fmt: skip


def check_tokens(tokenizer: Json) -> Iterator[Finding]:
    """What is wrong with the tokens of a ``tokenizer.json``."""
    model = tokenizer.get("model")
    model = model if isinstance(model, dict) else {}
    vocab, problems = vocabulary_of(model)
    yield from problems
    yield from _added(tokenizer.get("added_tokens") or [], vocab)
    yield from _merges(model, vocab)


def vocabulary_of(model: Json) -> tuple[dict[str, int], list[Finding]]:
    """Text to id, and what contradicts itself in it."""
    vocab = model.get("vocab")
    problems: list[Finding] = []
    if isinstance(vocab, list):  # Unigram: pairs of a piece and its score
        made: dict[str, int] = {}
        for number, pair in enumerate(vocab):
            if not isinstance(pair, list) or len(pair) != 2 or not _is_score(pair[1]):
                return {}, [("tokenizer_broken", f"piece {number} has no text and score")]
            if str(pair[0]) in made:
                problems.append(("tokenizer_broken", f"{shown(pair[0])} stands twice in it"))
            made[str(pair[0])] = number
        return made, problems[:_SHOWN]
    if not isinstance(vocab, dict):
        return {}, [("tokenizer_broken", "it has no vocabulary")]
    bad = [text for text, number in vocab.items() if not is_id(number)]
    if bad:
        return {}, [("tokenizer_broken", f"{shown(bad[0])} has the id {shown(vocab[bad[0]])}")]
    if len(set(vocab.values())) != len(vocab):
        problems.append(("tokenizer_broken", "two tokens of it have one id"))
    return vocab, problems


def is_id(value: object) -> bool:
    """Whether a value can be the id of a token."""
    return type(value) is int and 0 <= value < MAX_VOCAB


def _added(added: Any, vocab: dict[str, int]) -> Iterator[Finding]:
    if not isinstance(added, list) or not all(isinstance(token, dict) for token in added):
        yield "tokenizer_broken", "its added tokens are no list of objects"
        return
    owners = {number: text for text, number in vocab.items()}
    ids: dict[int, str] = {}
    texts: dict[str, int] = {}
    words: list[str] = []
    for token in added:
        text, number = token.get("content"), token.get("id")
        if not isinstance(text, str) or not text or not is_id(number):
            yield "tokenizer_broken", f"the added token {shown(text)} has the id {shown(number)}"
            continue
        if text in texts or number in ids:
            yield "token_ids", f"the added token {shown(text)} or its id {number} stands twice"
        texts[text], ids[number] = number, text
        if vocab.get(text, number) != number:
            yield "token_ids", f"{shown(text)} is {number} as added token, {vocab[text]} otherwise"
        elif owners.get(number, text) != text:
            yield "token_ids", f"{shown(text)} has the id of {shown(owners[number])}"
        yield from check_special_text(text)
        if is_word(text):
            words += _word(text, token.get("special") is True, vocab)
    yield from _told_words(words, texts)


def _word(text: str, is_special: bool, vocab: dict[str, int]) -> list[str]:
    """The word, where it is one that honest vocabularies do not need to add."""
    bare = text.strip(" \u2581\u0120").lower()
    spaced = [f"{mark}{text.strip()}" for mark in ("\u2581", "\u0120")]
    is_known = text in vocab or any(each in vocab for each in spaced)
    return [text] if is_special or is_known or bare in _DECIDING else [f"\0{text}"]


def _told_words(words: list[str], texts: dict[str, int]) -> Iterator[Finding]:
    new = [word[1:] for word in words if word.startswith("\0")]
    for word in [word for word in words if not word.startswith("\0")][:_SHOWN]:
        yield "token_word", f"the word {shown(word)} is the added token {texts[word]}"
    if new:
        yield "token_new_words", f"it adds {len(new)} words, such as {shown(new[0])}"


def is_word(text: str) -> bool:
    """Whether people would take a token for an ordinary word."""
    bare = text.strip(" \u2581\u0120")
    is_text = all(part.isalpha() for part in bare.split() or [""])
    return len(bare) > 1 and is_text and bare.lower() not in _KNOWN_WORDS


def check_special_text(text: str) -> Iterator[Finding]:
    """Whether a special token is what it looks like."""
    hidden = hidden_character(text)
    if hidden:
        yield "hidden_characters", f"the token {shown(text)} holds {hidden}"
        return
    scripts = {_script(c) for c in text if c.isalpha()}
    if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN"}:
        yield "hidden_characters", f"the token {shown(text)} mixes letters that look alike"


def _script(c: str) -> str:
    return "LATIN" if c.isascii() else unicodedata.name(c, "").partition(" ")[0]


def _merges(model: Json, vocab: dict[str, int]) -> Iterator[Finding]:
    merges = model.get("merges")
    if not isinstance(merges, list) or not vocab:
        return
    prefix = model.get("continuing_subword_prefix")
    cut = len(prefix) if isinstance(prefix, str) else 0
    made: dict[str, int] = {}
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(p) is str for p in pair):
            yield "tokenizer_broken", f"the merge {shown(merge)} is no pair"
            return
        whole = pair[0] + pair[1][cut:]
        missing = next((part for part in (*pair, whole) if part not in vocab), None)
        if missing is not None:
            yield (
                "tokenizer_broken",
                f"a merge needs the token {shown(missing)}, which is not there",
            )
            return
        made.setdefault(whole, vocab[whole])
    yield from _swapped(made)


def _swapped(made: Mapping[str, int]) -> Iterator[Finding]:
    """Two tokens that changed places: each fits where the other stands, and not where it does.

    Trained vocabularies number their tokens in the order of merging, but for a few.
    """
    if len(made) < MIN_MERGES:
        return
    texts, ids = list(made), list(made.values())
    strays = [
        i
        for i in range(1, len(ids) - 1)
        if ids[i - 1] < ids[i + 1] and not ids[i - 1] < ids[i] < ids[i + 1]
    ]
    if len(strays) > MAX_STRAYS:
        return  # numbered by another rule
    for i, j in combinations(strays, 2):
        if _fits(ids, i, ids[j]) and _fits(ids, j, ids[i]):
            yield "token_ids", f"{shown(texts[i])} and {shown(texts[j])} have swapped their ids"
            return


def _fits(ids: list[int], at: int, number: int) -> bool:
    return ids[at - 1] < number < ids[at + 1]


def _is_score(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(float(str(value)))
