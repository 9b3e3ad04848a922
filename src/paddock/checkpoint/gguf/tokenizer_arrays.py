"""The tokenizer's arrays in the metadata of a GGUF file: that they fit each other.

Loaders index scores and types by token; an array that is shorter, or of another type, has made more
than one of them read past its end. Knows the keys, not how text is encoded.
"""

from __future__ import annotations

from collections.abc import Mapping

from paddock.checkpoint.errors import BadGguf
from paddock.checkpoint.gguf.values import Value, ValueType
from paddock.errors import shown

MAX_VOCAB = 1 << 24
TOKENS, SCORES = "tokenizer.ggml.tokens", "tokenizer.ggml.scores"
TOKEN_TYPES, MERGES = "tokenizer.ggml.token_type", "tokenizer.ggml.merges"
_TYPES = {
    TOKENS: ValueType.STRING,
    SCORES: ValueType.F32,
    TOKEN_TYPES: ValueType.I32,
    MERGES: ValueType.STRING,
}


def check_tokenizer_arrays(metadata: Mapping[str, Value], where: str) -> None:
    """Raise BadGguf where the arrays have wrong types, lengths, or one token twice."""
    for key, element in _TYPES.items():
        value = metadata.get(key)
        if value and (not value.is_array or value.type is not element):
            stored = f"{'an array of ' if value.is_array else ''}{value.type.name}"
            raise BadGguf(
                "bad_tokenizer_array", f"{where}: {key} is {stored}, not an array of {element.name}"
            )
    tokens = metadata[TOKENS].item if TOKENS in metadata else ()
    if not isinstance(tokens, tuple):
        return
    if len(tokens) > MAX_VOCAB:
        raise BadGguf("too_many_tokens", f"{where} has {len(tokens)} tokens, over {MAX_VOCAB}")
    for key in (SCORES, TOKEN_TYPES):
        length = _length(metadata.get(key))
        if length not in (None, len(tokens)):
            raise BadGguf(
                "tokenizer_lengths",
                f"{where}: {key} has {length} elements for {len(tokens)} tokens",
            )
    if len(set(tokens)) != len(tokens):
        raise BadGguf("duplicate_token", f"{where}: the token {_repeated(tokens)} appears twice")


def _length(value: Value | None) -> int | None:
    if value is None or isinstance(value.item, bool | int | float):
        return None
    return len(value.item)


def _repeated(tokens: tuple[str, ...]) -> str:
    seen: set[str] = set()
    for token in tokens:
        if token in seen:
            return shown(token)
        seen.add(token)
    return "?"
