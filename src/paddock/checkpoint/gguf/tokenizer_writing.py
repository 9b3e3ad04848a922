"""A ``tokenizer.json`` as the metadata of a GGUF file.

Two families: SentencePiece's BPE, where GGUF wants a score for every piece, and byte-level BPE,
where it wants merges and the name of a cut. A tokenizer that would encode differently after the
change is refused, never approximated. Every id of the model gets a token; llama.cpp counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.gguf.piece_scores import piece_scores
from paddock.checkpoint.gguf.pre_tokenizers import recognised_pre_tokenizer
from paddock.checkpoint.gguf.spaces import not_in_gguf, spaces_of, steps_of, writes_spaces
from paddock.checkpoint.gguf.tokenizer_arrays import MERGES, SCORES, TOKEN_TYPES, TOKENS
from paddock.checkpoint.gguf.tokenizer_reading import MODEL, PRE
from paddock.checkpoint.gguf.values import Value, ValueType, boolean, numbers, strings, text, u32
from paddock.checkpoint.tokenizer.sentencepiece import SPACE, PieceType
from paddock.checkpoint.tokenizer.tokenizer_json import SpecialNames
from paddock.errors import shown

Json = Mapping[str, Any]
_EOT, _EOM = "<|eot_id|>", "<|eom_id|>"
_NO_SCORE = -10000.0  # of ids that no tokenizer uses, as llama.cpp's converter writes it


class Token(NamedTuple):
    """One id: its text as GGUF spells it, and what it is."""

    text: str
    type: PieceType


class Surrounding(NamedTuple):
    """Which tokens the tokenizer puts around every text; None where it does not say."""

    first: str | None
    last: str | None
    is_told: bool


class Source(NamedTuple):
    """A tokenizer, what its special tokens are called, and its pieces' scores if it has them."""

    tokenizer_json: Json
    names: SpecialNames
    scores: Mapping[str, float] | None


def tokenizer_values(source: Source, vocab_size: int, pad_id: int | None) -> dict[str, Value]:
    """The ``tokenizer.ggml.`` keys; BadTokenizer where GGUF cannot carry the tokenizer."""
    tokenizer, names = source.tokenizer_json, source.names
    model = tokenizer.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") != "BPE":
        kind = model.get("type") if isinstance(model, dict) else None
        raise not_in_gguf(f"it is of the kind {shown(kind)}, GGUF knows BPE")
    if writes_spaces(tokenizer):
        values = _sentencepiece(tokenizer, source.scores, vocab_size)
    else:
        values = _byte_level(tokenizer, vocab_size)
    tokens = values[TOKENS].item
    ids = {token: i for i, token in enumerate(tokens)} if isinstance(tokens, tuple) else {}
    return values | _special_values(ids, names, pad_id) | _surrounding_values(tokenizer)


def _sentencepiece(
    tokenizer: Json, scores: Mapping[str, float] | None, vocab_size: int
) -> dict[str, Value]:
    model = tokenizer["model"]
    tokens = _tokens(tokenizer, vocab_size, has_bytes=bool(model.get("byte_fallback")))
    spaces = spaces_of(tokenizer, (token.text for token in tokens))
    normal = {token.text: i for i, token in enumerate(tokens) if token.type is PieceType.NORMAL}
    scores = scores or piece_scores(normal, _pairs(model))
    listed = [
        scores.get(token.text, 0.0)
        if token.type is PieceType.NORMAL
        else (_NO_SCORE if token.type is PieceType.UNUSED else 0.0)
        for token in tokens
    ]
    return {
        MODEL: text("llama"),
        PRE: text("default"),
        TOKENS: strings(token.text for token in tokens),
        SCORES: numbers(ValueType.F32, listed),
        TOKEN_TYPES: numbers(ValueType.I32, [token.type for token in tokens]),
        "tokenizer.ggml.add_space_prefix": boolean(spaces.has_prefix),
    } | ({"tokenizer.ggml.remove_extra_whitespaces": boolean(True)} if spaces.are_joined else {})


def _byte_level(tokenizer: Json, vocab_size: int) -> dict[str, Value]:
    model = tokenizer["model"]
    cut = recognised_pre_tokenizer(
        tokenizer.get("pre_tokenizer"), ignores_merges=bool(model.get("ignore_merges"))
    )
    if cut is None:
        raise not_in_gguf("its way of cutting words has no name there")
    if tokenizer.get("normalizer") not in (None, {"type": "Sequence", "normalizers": []}):
        raise not_in_gguf("it changes the text before it cuts words (normalizer)")
    tokens = _tokens(tokenizer, vocab_size, has_bytes=False)
    pairs = _pairs(model)
    if any(" " in left or " " in right for left, right in pairs):
        raise not_in_gguf("a merge holds a space")
    return {
        MODEL: text("gpt2"),
        PRE: text(cut.name),
        TOKENS: strings(token.text for token in tokens),
        TOKEN_TYPES: numbers(ValueType.I32, [token.type for token in tokens]),
        MERGES: strings(f"{left} {right}" for left, right in pairs),
    }


def _tokens(tokenizer: Json, vocab_size: int, *, has_bytes: bool) -> list[Token]:
    """One token per id of the model; ids without one are told apart by their number."""
    model = tokenizer["model"]
    found: dict[int, Token] = {}
    for piece, index in model["vocab"].items():
        is_byte = has_bytes and len(piece) == 6 and piece.startswith("<0x") and piece[5] == ">"
        found[index] = Token(piece, PieceType.BYTE if is_byte else PieceType.NORMAL)
    for added in tokenizer.get("added_tokens") or []:
        found[added["id"]] = _added(added, model.get("unk_token"))
    if found and max(found) >= vocab_size:
        raise BadTokenizer(
            "too_many", f"the tokenizer has the id {max(found)}, the model {vocab_size} embeddings"
        )
    tokens = [found.get(i) or Token(f"[PAD{i}]", PieceType.UNUSED) for i in range(vocab_size)]
    if len({token.text for token in tokens}) != len(tokens):
        raise not_in_gguf("two ids have the same text")
    return tokens


def _added(token: Json, unknown: object) -> Token:
    content = token["content"]
    if content == unknown:
        return Token(content, PieceType.UNKNOWN)
    if token.get("special"):
        return Token(content, PieceType.CONTROL)
    # llama.cpp looks for these in the text as it was typed, before spaces are written otherwise.
    return Token(content.replace(SPACE, " "), PieceType.USER_DEFINED)


def _pairs(model: Json) -> list[tuple[str, str]]:
    """The merges: each two texts, or, from older writers, one with a space between."""
    pairs = []
    for merge in model.get("merges") or []:
        parts = merge.split(" ") if isinstance(merge, str) else merge
        if (
            not isinstance(parts, list)
            or len(parts) != 2
            or not all(isinstance(part, str) for part in parts)
        ):
            raise BadTokenizer("bad_merge", f"the merge {shown(merge)} is not two tokens")
        pairs.append((parts[0], parts[1]))
    return pairs


def _special_values(
    ids: Mapping[str, int], names: SpecialNames, pad_id: int | None
) -> dict[str, Value]:
    special = {
        "bos": ids.get(names.bos or ""),
        "eos": ids.get(names.eos or ""),
        "eot": ids.get(_EOT),
        "eom": ids.get(_EOM),
        "unknown": ids.get(names.unk or ""),
        "padding": pad_id if pad_id is not None and pad_id < len(ids) else None,
    }
    return {
        f"tokenizer.ggml.{name}_token_id": u32(value)
        for name, value in special.items()
        if value is not None
    }


def _surrounding_values(tokenizer: Json) -> dict[str, Value]:
    surrounding = surrounding_of(tokenizer.get("post_processor"))
    if not surrounding.is_told:
        return {}
    return {
        "tokenizer.ggml.add_bos_token": boolean(surrounding.first is not None),
        "tokenizer.ggml.add_eos_token": boolean(surrounding.last is not None),
    }


def surrounding_of(post_processor: object) -> Surrounding:
    """What a post-processor puts before and after a text."""
    for step in steps_of(post_processor, "processors"):
        single = step.get("single")
        if step.get("type") == "TemplateProcessing" and isinstance(single, list) and single:
            return Surrounding(_special_of(single[0]), _special_of(single[-1]), is_told=True)
    return Surrounding(None, None, is_told=bool(post_processor))


def _special_of(step: object) -> str | None:
    special = step.get("SpecialToken") if isinstance(step, dict) else None
    name = special.get("id") if isinstance(special, dict) else None
    return name if isinstance(name, str) else None
