"""Which files are tokenizers, told by content, and everything that is said about each alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.scan.documents import gguf_of, items_of, object_of
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.tokenizers.rules import Finding, check_charsmap, check_rules
from paddock.checkpoint.scan.tokenizers.tokens import check_special_text, check_tokens, is_word
from paddock.checkpoint.tokenizer.sentencepiece import PieceType, parse_sentencepiece
from paddock.errors import shown

Json = dict[str, Any]
MAX_OF_A_CODE = 5
MAX_MODEL_BYTES = 64 << 20
_CONTROL, _USER_DEFINED = 3, 4  # llama.cpp's token types
_SPECIAL_KEYS = ("additional_special_tokens", "extra_special_tokens", "added_tokens_decoder")


def check_tokenizer(look: Look) -> Iterator[Reason]:
    """What is wrong with a tokenizer, or with the special tokens that a file names."""
    told: dict[str, int] = {}
    for code, message in _findings(look):
        look.budget.tick()
        told[code] = told.get(code, 0) + 1
        if told[code] <= MAX_OF_A_CODE:
            yield Reason(code, look.name, f"the tokenizer is suspect: {message}")


def is_tokenizer_json(value: Json) -> bool:
    """Whether a document is what the ``tokenizers`` library writes."""
    model = value.get("model")
    return isinstance(model, dict) and ("vocab" in model or "merges" in model)


def _findings(look: Look) -> Iterator[Finding]:
    if look.kind is Kind.JSON:
        document = object_of(look)
        if is_tokenizer_json(document):
            yield from check_rules(document)
            yield from check_tokens(document)
        elif look.size_bytes <= 4 << 20:
            yield from _named_tokens(document)
    elif look.kind is Kind.GGUF:
        yield from _gguf_tokens(look)
    elif look.kind is Kind.SENTENCEPIECE:
        yield from _pieces(look)


def _named_tokens(document: Json) -> Iterator[Finding]:
    """Special tokens of ``tokenizer_config.json`` and its kind."""
    for key, value in document.items():
        if key.endswith("_token") or key in _SPECIAL_KEYS:
            for item in items_of(value):
                if isinstance(item.value, str):
                    yield from check_special_text(item.value)
    added = document.get("added_tokens_decoder")
    for number, token in added.items() if isinstance(added, dict) else ():
        text = token.get("content") if isinstance(token, dict) else None
        if isinstance(text, str) and token.get("special") is True and is_word(text):
            yield "token_word", f"the word {shown(text)} is the special token {shown(number)}"


def _gguf_tokens(look: Look) -> Iterator[Finding]:
    file = gguf_of(look)
    if file is None:
        return
    tokens, types = (
        file.metadata[key].item if key in file.metadata else ()
        for key in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type")
    )
    if not isinstance(tokens, tuple) or isinstance(types, str | int | float):
        return
    for text, kind in zip(tokens, types, strict=False):
        if kind in (_CONTROL, _USER_DEFINED):
            yield from check_special_text(str(text))
        if kind == _CONTROL and is_word(str(text)):
            yield "token_word", f"the word {shown(str(text))} is a control token"


def _pieces(look: Look) -> Iterator[Finding]:
    try:
        model = parse_sentencepiece(look.read(0, MAX_MODEL_BYTES), look.basename)
    except BadTokenizer as e:
        yield "tokenizer_rule", e.message
        return
    for piece in model.pieces:
        if piece.type in (PieceType.CONTROL, PieceType.USER_DEFINED):
            yield from check_special_text(piece.text)
        if piece.type is PieceType.CONTROL and is_word(piece.text):
            yield "token_word", f"the word {shown(piece.text)} is a control token"
    if model.charsmap:
        yield from check_charsmap(model.charsmap)
