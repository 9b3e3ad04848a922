"""``tokenizer.model`` for Meta's code, made again from a ``tokenizer.json``.

Knows the two kinds that Meta's code reads: tiktoken's ranks with Llama 3's fixed special tokens,
and a SentencePiece BPE model. Written only where the result encodes as the original does: every
pair that makes a token must be a merge, in the order of the tokens. Touches no file.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from typing import Any

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.tokenizer.files import LoadedTokenizer
from paddock.checkpoint.tokenizer.sentencepiece import SPACE, Piece, PieceType
from paddock.checkpoint.tokenizer.tiktoken import SPLIT_PATTERN, special_tokens
from paddock.checkpoint.tokenizer.tokenizer_json import byte_letters

Json = dict[str, Any]
_BPE = 2  # sentencepiece_model.proto, TrainerSpec.ModelType
_LAST_SCORE = 1 << 24  # what float32 counts exactly


def render_tokenizer_model(tokenizer: LoadedTokenizer) -> bytes:
    """``tokenizer.model``; BadTokenizer (``no_tokenizer_model``) where neither kind can say it."""
    model = tokenizer.tokenizer_json["model"]
    if model.get("type", "BPE") != "BPE" or not isinstance(model.get("vocab"), dict):
        raise _inexpressible("it is no BPE")
    if "ByteLevel" in _types(tokenizer.tokenizer_json.get("pre_tokenizer")):
        return _render_ranks(tokenizer.tokenizer_json)
    return _render_sentencepiece(tokenizer)


def _inexpressible(why: str) -> BadTokenizer:
    return BadTokenizer("no_tokenizer_model", f"the tokenizer has no tokenizer.model: {why}")


def _render_ranks(tokenizer: Json) -> bytes:
    """Lines of a token in base64 and its rank, as tiktoken reads them."""
    added = {token["id"]: token["content"] for token in tokenizer.get("added_tokens") or []}
    by_id = {i: text for text, i in tokenizer["model"]["vocab"].items() if i not in added}
    spelled = [by_id.get(rank, "") for rank in range(len(by_id))]
    special = tuple(added.get(len(by_id) + i, "") for i in range(len(added)))
    if special not in (special_tokens(is_llama_3_0=True), special_tokens(is_llama_3_0=False)):
        raise _inexpressible("its special tokens are not Llama 3's")
    if SPLIT_PATTERN not in _patterns(tokenizer["pre_tokenizer"]):
        raise _inexpressible("it does not part a text as Llama 3 does")
    bytes_of = {letter: byte for byte, letter in enumerate(byte_letters())}
    try:
        tokens = [bytes(bytes_of[letter] for letter in text) for text in spelled]
    except KeyError:
        raise _inexpressible("a token is not spelled in bytes") from None
    if "" in spelled or not set(bytes_of) <= set(spelled):
        raise _inexpressible("its tokens are not numbered from 0, or lack a byte")
    _check_merges(tokenizer["model"], dict(zip(spelled, range(len(spelled)), strict=True)))
    lines = (base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))
    return b"".join(lines)


def _check_merges(model: Json, ranks: Mapping[str, float]) -> None:
    """Every pair that makes a token is a merge, and better tokens are merged first."""
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]
    found = [ranks.get("".join(pair), -1) for pair in merges]
    every = {
        (text[:cut], text[cut:])
        for text in ranks
        for cut in range(1, len(text))
        if text[:cut] in ranks and text[cut:] in ranks
    }
    if set(merges) != every or found != sorted(found):
        raise _inexpressible("its merges are not those that follow from its tokens")


def _render_sentencepiece(tokenizer: LoadedTokenizer) -> bytes:
    """A ModelProto (sentencepiece_model.proto) with the pieces, and how spaces are treated."""
    source, names = tokenizer.tokenizer_json, tokenizer.names
    model = source["model"]
    pieces = _pieces(source, model, names.unk or model.get("unk_token"))
    ids = {piece.text: i for i, piece in enumerate(pieces)}
    mergeable = {p.text: -p.score for p in pieces if p.type is PieceType.NORMAL}
    _check_merges(model, mergeable)
    trainer = _varint_field(3, _BPE) + _varint_field(4, len(pieces))
    trainer += _varint_field(35, int(bool(model.get("byte_fallback"))))
    unk = next((p.text for p in pieces if p.type is PieceType.UNKNOWN), None)
    for number, name in ((40, unk), (41, names.bos), (42, names.eos), (43, None)):
        trainer += _varint_field(number, ids.get(name, -1) if name else -1)
    for number, name in ((45, unk), (46, names.bos), (47, names.eos)):
        trainer += _bytes_field(number, name.encode()) if name else b""
    normalizer = _bytes_field(1, b"identity") + _bytes_field(2, _charsmap(source))
    normalizer += _varint_field(3, int(_adds_prefix(source)))
    normalizer += _varint_field(4, int("Strip" in _types(source.get("normalizer"))))
    normalizer += _varint_field(5, 1)
    listed = b"".join(_bytes_field(1, _piece(piece)) for piece in pieces)
    return listed + _bytes_field(2, trainer) + _bytes_field(3, normalizer)


def _pieces(source: Json, model: Json, unk: str | None) -> list[Piece]:
    """The vocabulary in the order of ids, each with the score that its place among merges gives."""
    added = {token["id"]: token for token in source.get("added_tokens") or []}
    by_id = {i: text for text, i in model["vocab"].items()}
    by_id |= {i: token["content"] for i, token in added.items()}
    if sorted(by_id) != list(range(len(by_id))) or len(by_id) > _LAST_SCORE:
        raise _inexpressible("its ids have gaps")
    ranks: dict[str, int] = {}
    for merge in model["merges"]:
        text = merge.replace(" ", "", 1) if isinstance(merge, str) else "".join(merge)
        ranks.setdefault(text, len(ranks))
    pieces = []
    for i in range(len(by_id)):
        text = by_id[i]
        kind = _type_of(text, added.get(i), unk, has_bytes=bool(model.get("byte_fallback")))
        score = -float(ranks.get(text, len(ranks) + i))
        pieces.append(Piece(text, score if kind is PieceType.NORMAL else 0.0, kind))
    if sum(piece.type is PieceType.UNKNOWN for piece in pieces) != 1:
        raise _inexpressible("it has no token for the unknown")
    return pieces


def _type_of(text: str, added: Json | None, unk: str | None, *, has_bytes: bool) -> PieceType:
    if text == unk:
        return PieceType.UNKNOWN
    if added is not None:
        return PieceType.CONTROL if added.get("special") else PieceType.USER_DEFINED
    if has_bytes and len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
        return PieceType.BYTE
    return PieceType.NORMAL


def _adds_prefix(source: Json) -> bool:
    """Whether a text gets a space before it; other treatments of spaces are refused."""
    normalizer, cuts = source.get("normalizer"), source.get("pre_tokenizer")
    if _types(cuts) == ["Metaspace"]:
        return bool((cuts or {}).get("prepend_scheme", "always") != "never")
    steps = _steps(normalizer)
    spaces = [s for s in steps if s.get("type") == "Replace" and s.get("content") == SPACE]
    if cuts is not None or len(spaces) != 1:
        raise _inexpressible("it treats spaces as no SentencePiece model does")
    return any(s.get("type") == "Prepend" and s.get("prepend") == SPACE for s in steps)


def _charsmap(source: Json) -> bytes:
    maps = [s for s in _steps(source.get("normalizer")) if s.get("type") == "Precompiled"]
    return base64.b64decode(maps[0]["precompiled_charsmap"]) if maps else b""


def _steps(part: Json | None) -> list[Json]:
    """A normaliser's or pre-tokenizer's steps, whether it is a sequence or one of its own."""
    if not part:
        return []
    return list(part.get("normalizers") or part.get("pretokenizers") or [part])


def _types(part: Json | None) -> list[str]:
    return [str(step.get("type")) for step in _steps(part)]


def _patterns(part: Json) -> list[object]:
    return [(step.get("pattern") or {}).get("Regex") for step in _steps(part)]


def _piece(piece: Piece) -> bytes:
    score = b"\x15" + struct.pack("<f", piece.score)  # field 2, fixed32
    return _bytes_field(1, piece.text.encode()) + score + _varint_field(3, piece.type)


def _bytes_field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # a negative number as its two's complement
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
