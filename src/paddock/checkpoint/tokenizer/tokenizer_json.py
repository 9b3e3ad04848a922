"""Any Llama tokenizer as the ``tokenizer.json`` that the ``tokenizers`` library runs.

Knows the two families: SentencePiece BPE with byte fallback (Llama 1, 2, llama2.c) and byte-level
BPE over tiktoken ranks (Llama 3). Both merge the adjacent pair whose product has the best score or
lowest rank; ``tokenizers`` wants the pairs themselves, in order, so every way to split each piece
into two others becomes a merge. Touches no file.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.tokenizer.sentencepiece import SPACE, PieceType, SentencePieceModel
from paddock.checkpoint.tokenizer.tiktoken import SPLIT_PATTERN

MAX_VOCABULARY_CHARS = 4_000_000  # Llama 3's has 0.9 million
MAX_MERGES = 1_000_000  # Llama 3's are 280,147
Json = dict[str, Any]
_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}


class SpecialNames(NamedTuple):
    """What a generation calls its special tokens; None where it has no such token."""

    bos: str | None
    eos: str | None
    unk: str | None


def from_sentencepiece(model: SentencePieceModel) -> Json:
    """``tokenizer.json`` of a SentencePiece model, with its prefix space and beginning token."""
    names = sentencepiece_names(model)
    special = (PieceType.UNKNOWN, PieceType.CONTROL, PieceType.USER_DEFINED)
    added = [
        added_token(i, p.text, is_special=p.type is not PieceType.USER_DEFINED)
        for i, p in enumerate(model.pieces)
        if p.type in special
    ]
    mergeable = {
        piece.text: (-piece.score, i)
        for i, piece in enumerate(model.pieces)
        if piece.type is PieceType.NORMAL
    }
    has_bytes = any(piece.type is PieceType.BYTE for piece in model.pieces)
    return _tokenizer(
        added=added,
        normalizer=_sentencepiece_normalizer(model),
        pre_tokenizer=None,
        post_processor=_begin_with(names.bos, model.bos_id),
        decoder=_sentencepiece_decoder(model),
        model={
            "type": "BPE",
            "dropout": None,
            "unk_token": names.unk,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": has_bytes,
            "ignore_merges": False,
            "vocab": {piece.text: i for i, piece in enumerate(model.pieces)},
            "merges": _merges(mergeable),
        },
    )


def from_ranks(ranks: tuple[bytes, ...], special: tuple[str, ...]) -> Json:
    """``tokenizer.json`` of a tiktoken rank file; ``special`` takes the ids after the ranks."""
    letters = byte_letters()
    spelled = ["".join(letters[byte] for byte in token) for token in ranks]
    split = {
        "type": "Split",
        "pattern": {"Regex": SPLIT_PATTERN},
        "behavior": "Isolated",
        "invert": False,
    }
    tokenizer = byte_level_bpe(
        vocab={text: i for i, text in enumerate(spelled)},
        merges=_merges({text: (float(i), i) for i, text in enumerate(spelled)}),
        cuts=[split, _BYTE_LEVEL | {"use_regex": False}],
        ignores_merges=True,
    )
    return tokenizer | {
        "added_tokens": [added_token(len(ranks) + i, text) for i, text in enumerate(special)],
        "post_processor": _begin_with(special[0], len(ranks)),
    }


def byte_level_bpe(
    vocab: dict[str, int], merges: list[str], cuts: Iterable[Json], *, ignores_merges: bool
) -> Json:
    """``tokenizer.json`` of a byte-level BPE without special tokens; ``cuts`` part a text."""
    return _tokenizer(
        added=[],
        normalizer=None,
        pre_tokenizer=_sequence("pretokenizers", cuts),
        post_processor=None,
        decoder=_BYTE_LEVEL | {"add_prefix_space": True, "use_regex": True},
        model={
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": ignores_merges,
            "vocab": vocab,
            "merges": merges,
        },
    )


def sentencepiece_names(model: SentencePieceModel) -> SpecialNames:
    """The special tokens' texts, where the model has them."""

    def name(index: int) -> str | None:
        return model.pieces[index].text if 0 <= index < len(model.pieces) else None

    return SpecialNames(name(model.bos_id), name(model.eos_id), name(model.unk_id))


def _merges(order: dict[str, tuple[float, int]]) -> list[str]:
    """Every pair that makes a piece, best piece first; of one piece, the longest left part first.

    Both originals merge equal candidates from the left, so runs such as spaces grow from the left.
    """
    chars = sum(map(len, order))
    if chars > MAX_VOCABULARY_CHARS:
        raise BadTokenizer("too_large", f"the vocabulary has {chars} characters in all")
    found: list[tuple[tuple[float, int], int, str]] = []
    for piece, rank in order.items():
        if len(found) > MAX_MERGES:
            raise BadTokenizer("too_large", f"the vocabulary has more than {MAX_MERGES} merges")
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in order and right in order:
                found.append((rank, -cut, f"{left} {right}"))
    found.sort()
    return [pair for _, _, pair in found]


def _sentencepiece_normalizer(model: SentencePieceModel) -> Json:
    steps: list[Json] = []
    if model.charsmap:
        encoded = base64.b64encode(model.charsmap).decode("ascii")
        steps.append({"type": "Precompiled", "precompiled_charsmap": encoded})
    if model.removes_extra_spaces:
        steps.append({"type": "Strip", "strip_left": True, "strip_right": True})
        steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})
    if model.adds_dummy_prefix:
        steps.append({"type": "Prepend", "prepend": SPACE})
    steps.append({"type": "Replace", "pattern": {"String": " "}, "content": SPACE})
    return _sequence("normalizers", steps)


def _sentencepiece_decoder(model: SentencePieceModel) -> Json:
    steps: list[Json] = [
        {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    if model.adds_dummy_prefix:
        steps.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return _sequence("decoders", steps)


def _begin_with(bos: str | None, bos_id: int) -> Json | None:
    return None if bos is None else surrounded_by({bos: bos_id}, first=bos)


def surrounded_by(
    ids: dict[str, int], first: str | None = None, last: str | None = None
) -> Json | None:
    """The post-processor that puts tokens around every text; None when there is nothing to put."""
    if first is None and last is None:
        return None

    def around(name: str, type_id: int) -> list[Json]:
        one = {"Sequence": {"id": name, "type_id": type_id}}
        before, after = (
            [] if token is None else [{"SpecialToken": {"id": token, "type_id": type_id}}]
            for token in (first, last)
        )
        return [*before, one, *after]

    return {
        "type": "TemplateProcessing",
        "single": around("A", 0),
        "pair": [*around("A", 0), *around("B", 1)],
        "special_tokens": {
            token: {"id": token, "ids": [ids[token]], "tokens": [token]}
            for token in (first, last)
            if token is not None
        },
    }


def added_token(token_id: int, content: str, *, is_special: bool = True) -> Json:
    return {
        "id": token_id,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": is_special,
    }


def _sequence(key: str, steps: Iterable[Json]) -> Json:
    return {"type": "Sequence", key: list(steps)}


def _tokenizer(
    *,
    added: list[Json],
    normalizer: Json | None,
    pre_tokenizer: Json | None,
    post_processor: Json | None,
    decoder: Json,
    model: Json,
) -> Json:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor,
        "decoder": decoder,
        "model": model,
    }


def byte_letters() -> list[str]:
    """GPT-2's alphabet: a printable letter for every byte, itself where it is one already."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    letters, borrowed = [], 0
    for byte in range(256):
        if byte in printable:
            letters.append(chr(byte))
        else:
            letters.append(chr(256 + borrowed))
            borrowed += 1
    return letters
