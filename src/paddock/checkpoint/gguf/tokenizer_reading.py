"""The tokenizer inside a GGUF file, as the ``tokenizer.json`` that encodes as it does.

Two families, as everywhere: ``llama`` is SentencePiece's BPE with scores, ``gpt2`` byte-level BPE
with merges. Knows the keys ``tokenizer.ggml.*`` (llama-vocab.cpp); does not run a tokenizer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.gguf.pre_tokenizers import named_pre_tokenizer
from paddock.checkpoint.gguf.tokenizer_arrays import MERGES, SCORES, TOKEN_TYPES, TOKENS
from paddock.checkpoint.gguf.values import (
    Metadata,
    boolean_at,
    integer_at,
    numbers_at,
    strings_at,
    text_at,
)
from paddock.checkpoint.tokenizer.sentencepiece import (
    MAX_PIECES,
    Piece,
    PieceType,
    SentencePieceModel,
    checked_pieces,
)
from paddock.checkpoint.tokenizer.tokenizer_json import (
    SpecialNames,
    added_token,
    byte_level_bpe,
    from_sentencepiece,
    surrounded_by,
)
from paddock.errors import shown

MODEL, PRE = "tokenizer.ggml.model", "tokenizer.ggml.pre"
CHAT_TEMPLATE = "tokenizer.chat_template"
NO_TOKENIZER = (None, "none", "no_vocab")
# Whatever the file says they are, these end a turn: llama.cpp tells them by their text.
TURN_ENDS = ("<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")
MAX_TOKEN_CHARS = 1024
_SPECIAL = (PieceType.UNKNOWN, PieceType.CONTROL)


class GgufTokenizer(NamedTuple):
    """A tokenizer as ``tokenizers`` reads it, and what its special tokens are called."""

    tokenizer_json: dict[str, Any]
    names: SpecialNames
    scores: dict[str, float] | None = None


def has_tokenizer(metadata: Metadata) -> bool:
    """Whether the file brings a tokenizer of its own."""
    return text_at(metadata, MODEL) not in NO_TOKENIZER and TOKENS in metadata


def read_tokenizer(metadata: Metadata, where: str) -> GgufTokenizer:
    """The tokenizer; BadTokenizer for one that no Llama uses, or that contradicts itself."""
    kind = text_at(metadata, MODEL)
    if kind == "llama":
        return _read_sentencepiece(metadata, where)
    if kind == "gpt2":
        return _read_byte_level(metadata, where)
    raise BadTokenizer(
        "unknown_tokenizer", f"{where} has a tokenizer of the kind {shown(kind)}; no Llama uses it"
    )


def turn_ends(metadata: Metadata) -> dict[str, int]:
    """Tokens that end a turn by their text alone, and their ids."""
    tokens = strings_at(metadata, TOKENS) or ()
    return {token: index for index, token in enumerate(tokens) if token in TURN_ENDS}


def _read_sentencepiece(metadata: Metadata, where: str) -> GgufTokenizer:
    pieces = _pieces(metadata, where)
    model = SentencePieceModel(
        checked_pieces(pieces, where),
        unk_id=_special_id(metadata, "unknown", 0),
        bos_id=_special_id(metadata, "bos", 1),
        eos_id=_special_id(metadata, "eos", 2),
        adds_dummy_prefix=_flag(metadata, "add_space_prefix", default=True),
        removes_extra_spaces=_flag(metadata, "remove_extra_whitespaces", default=False),
    )
    names = _names(pieces, model.bos_id, model.eos_id, model.unk_id)
    tokenizer = from_sentencepiece(model) | _surrounding(metadata, names, adds_bos=True)
    return GgufTokenizer(tokenizer, names, {piece.text: piece.score for piece in pieces})


def _read_byte_level(metadata: Metadata, where: str) -> GgufTokenizer:
    pre = named_pre_tokenizer(text_at(metadata, PRE))
    if pre is None:
        raise BadTokenizer(
            "unknown_pre_tokenizer",
            f"{where} cuts words by {shown(text_at(metadata, PRE))}, which is not known here",
        )
    pieces = _pieces(metadata, where)
    special = {i: piece for i, piece in enumerate(pieces) if _is_added(piece)}
    vocab = {
        piece.text: i
        for i, piece in enumerate(pieces)
        if piece.type is PieceType.NORMAL and i not in special
    }
    merges = _checked_merges(strings_at(metadata, MERGES), vocab, where)
    if list(special) != list(range(len(vocab), len(vocab) + len(special))):
        # `tokenizers` counts on from the vocabulary for what is not in it, whatever the file says.
        vocab |= {piece.text: i for i, piece in special.items()}
    tokenizer = byte_level_bpe(vocab, merges, pre.steps, ignores_merges=pre.ignores_merges)
    tokenizer["added_tokens"] = [
        added_token(i, piece.text, is_special=piece.type in _SPECIAL)
        for i, piece in special.items()
    ]
    ids = (_special_id(metadata, name, -1) for name in ("bos", "eos", "unknown"))
    names = _names(pieces, *ids)
    return GgufTokenizer(tokenizer | _surrounding(metadata, names, pre.adds_bos), names)


def _pieces(metadata: Metadata, where: str) -> tuple[Piece, ...]:
    """The tokens with their scores and types; their lengths were compared before."""
    tokens = strings_at(metadata, TOKENS) or ()
    if len(tokens) > MAX_PIECES:
        raise BadTokenizer("too_many", f"{where} has more than {MAX_PIECES} tokens")
    scores, types = numbers_at(metadata, SCORES), numbers_at(metadata, TOKEN_TYPES)
    listed = zip(
        tokens,
        [0.0] * len(tokens) if scores is None else scores.tolist(),
        [int(PieceType.NORMAL)] * len(tokens) if types is None else types.tolist(),
        strict=True,
    )
    try:
        return tuple(Piece(text, score, _type(text, number)) for text, score, number in listed)
    except ValueError as e:
        raise BadTokenizer("bad_token_type", f"{where}: {e}") from e


def _type(text: str, number: int) -> PieceType:
    return PieceType.CONTROL if text in TURN_ENDS else PieceType(number)


def _is_added(piece: Piece) -> bool:
    """Whether the token is matched in the text as it stands, before words are cut."""
    return piece.type in _SPECIAL or piece.type is PieceType.USER_DEFINED


def _checked_merges(
    merges: Sequence[str] | None, vocab: Mapping[str, int], where: str
) -> list[str]:
    """Every merge joins two tokens to a third; anything else breaks readers, or does nothing."""
    if merges is None:
        raise BadTokenizer("no_merges", f"{where} has no {MERGES}")
    for merge in merges:
        left, _, right = merge.partition(" ")
        if left not in vocab or right not in vocab or left + right not in vocab:
            raise BadTokenizer(
                "bad_merge", f"{where}: the merge {shown(merge)} does not join tokens to a token"
            )
    if len(set(merges)) != len(merges):
        raise BadTokenizer("bad_merge", f"{where} has the same merge twice")
    return list(merges)


def _special_id(metadata: Metadata, name: str, default: int) -> int:
    """The id of a special token; one outside the vocabulary counts as absent, as in llama.cpp."""
    value = integer_at(metadata, f"tokenizer.ggml.{name}_token_id")
    return default if value is None or value >= len(strings_at(metadata, TOKENS) or ()) else value


def _flag(metadata: Metadata, name: str, *, default: bool) -> bool:
    said = boolean_at(metadata, f"tokenizer.ggml.{name}")
    return default if said is None else said


def _names(pieces: Sequence[Piece], bos: int, eos: int, unk: int) -> SpecialNames:
    def text(index: int) -> str | None:
        return pieces[index].text if 0 <= index < len(pieces) else None

    return SpecialNames(text(bos), text(eos), text(unk))


def _surrounding(metadata: Metadata, names: SpecialNames, adds_bos: bool) -> dict[str, Any]:
    tokens = strings_at(metadata, TOKENS) or ()
    first = names.bos if _flag(metadata, "add_bos_token", default=adds_bos) else None
    last = names.eos if _flag(metadata, "add_eos_token", default=False) else None
    ids = {name: tokens.index(name) for name in (first, last) if name is not None}
    return {"post_processor": surrounded_by(ids, first, last)}
