"""A tokenizer.json with fewer tokens: those that stay keep their order and get the next free ids.

Pure: parsed JSON in, parsed JSON out. Knows byte-pair encoding, whose tokens are made of others:
every token that a kept one is made of stays too, so that texts of kept tokens are cut as before.
Single characters, byte tokens and everything special always stay, so any text can be written.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from paddock.release.errors import DerivingRefused

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
MAX_TOKEN_CHARS = 4096


class Trimmed(NamedTuple):
    """The smaller tokenizer, and which old ids it has, in the order of the new ones."""

    tokenizer: dict[str, Any]
    kept: tuple[int, ...]


def trim_tokenizer(tokenizer: Mapping[str, Any], used: Iterable[int]) -> Trimmed:
    """Keep ``used`` and what must stay; raises DerivingRefused unless it is byte-pair encoding."""
    model = tokenizer.get("model")
    if not isinstance(model, dict) or model.get("type") != "BPE":
        raise DerivingRefused("trim_vocabulary knows tokenizers of byte-pair encoding only")
    vocab: dict[str, int] = model["vocab"]
    merges = [_pair(merge) for merge in model["merges"]]
    added = {int(token["id"]): str(token["content"]) for token in tokenizer["added_tokens"]}
    by_id = {number: text for text, number in vocab.items()} | added
    wanted = {by_id[number] for number in used if number in by_id}
    wanted |= {text for text in vocab if len(text) == 1 or _BYTE.fullmatch(text)}
    wanted |= {text for text in (model.get("unk_token"),) if text in vocab}
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    for text in sorted(wanted - set(added.values())):
        wanted |= set(_made_of(text, ranks)) & vocab.keys()
    kept = sorted(set(added) | {vocab[text] for text in wanted if text in vocab})
    number_of = {old: new for new, old in enumerate(kept)}
    smaller = copy.deepcopy(dict(tokenizer))
    inner = smaller["model"]
    inner["vocab"] = {
        text: number_of[number]
        for text, number in sorted(vocab.items(), key=lambda item: item[1])
        if number in number_of
    }
    staying = inner["vocab"].keys()
    inner["merges"] = [
        merge
        for merge, (a, b) in zip(model["merges"], merges, strict=True)
        if a in staying and b in staying and a + b in staying
    ]
    smaller["added_tokens"] = [
        {**token, "id": number_of[int(token["id"])]} for token in smaller["added_tokens"]
    ]
    _renumber(smaller.get("post_processor"), number_of)
    return Trimmed(smaller, tuple(kept))


def _pair(merge: object) -> tuple[str, str]:
    """A merge, in either of the forms that tokenizers are written in."""
    parts = merge.split(" ") if isinstance(merge, str) else merge
    if not isinstance(parts, list) or len(parts) != 2:
        raise DerivingRefused(f"the tokenizer has a merge of {str(parts)[:80]!r}")
    return str(parts[0]), str(parts[1])


def _made_of(text: str, ranks: Mapping[tuple[str, str], int]) -> Iterable[str]:
    """Every token that byte-pair encoding passes through on its way to ``text``."""
    parts = list(text[:MAX_TOKEN_CHARS])
    while len(parts) > 1:
        pairs = list(pairwise(parts))
        best = min(range(len(pairs)), key=lambda at: ranks.get(pairs[at], len(ranks)))
        if pairs[best] not in ranks:
            return
        parts[best : best + 2] = ["".join(pairs[best])]
        yield parts[best]


def _renumber(value: Any, number_of: Mapping[int, int]) -> None:
    """Ids in the post-processor: of special tokens by name, or in pairs of name and id."""
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int:
            value[1] = number_of[value[1]]
        for item in value:
            _renumber(item, number_of)
    elif isinstance(value, dict):
        if isinstance(ids := value.get("ids"), list):
            value["ids"] = [number_of[number] for number in ids]
        for key, item in value.items():
            if key != "ids":
                _renumber(item, number_of)
