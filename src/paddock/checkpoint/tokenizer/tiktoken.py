"""Llama 3's ``tokenizer.model``: tiktoken's rank file, and the special tokens that go with it.

A line is a token in base64 and its rank. Ranks are 0, 1, 2 … in order and every single byte has
one, so that any text can be encoded. The special tokens are not in the file: each generation's
table is here.
"""

from __future__ import annotations

import base64
import binascii

from paddock.checkpoint.errors import BadTokenizer

MAX_RANKS = 1 << 20
MAX_TOKEN_BYTES = 256
SPECIAL_TOKENS = 256

# Llama 3's pre-tokenisation (llama-models, llama3/tokenizer.py).
SPLIT_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

_RESERVED = "<|reserved_special_token_{}|>"
# By distance from the first special id; every other one is reserved.
_NAMED_3_0 = {
    0: "<|begin_of_text|>",
    1: "<|end_of_text|>",
    6: "<|start_header_id|>",
    7: "<|end_header_id|>",
    9: "<|eot_id|>",
}
_NAMED_3_1 = _NAMED_3_0 | {4: "<|finetune_right_pad_id|>", 8: "<|eom_id|>", 10: "<|python_tag|>"}


def parse_ranks(raw: bytes, where: str) -> tuple[bytes, ...]:
    """The tokens of a rank file, by rank."""
    tokens: list[bytes] = []
    for number, line in enumerate(raw.splitlines()):
        if number == MAX_RANKS:
            raise BadTokenizer("too_many", f"{where} has more than {MAX_RANKS} ranks")
        tokens.append(_parse_line(line, number, where))
    if len(set(tokens)) != len(tokens):
        raise BadTokenizer("duplicate_piece", f"{where} has the same token twice")
    if not {bytes([value]) for value in range(256)} <= set(tokens):
        raise BadTokenizer("missing_byte", f"{where} cannot spell every byte")
    return tuple(tokens)


def special_tokens(*, is_llama_3_0: bool) -> tuple[str, ...]:
    """The 256 special tokens in the order of their ids; 3.1 gave meaning to three reserved ones."""
    named = _NAMED_3_0 if is_llama_3_0 else _NAMED_3_1
    names, reserved = [], 0
    for position in range(SPECIAL_TOKENS):
        if position in named:
            names.append(named[position])
        else:
            names.append(_RESERVED.format(reserved))
            reserved += 1
    return tuple(names)


def looks_like_ranks(raw: bytes) -> bool:
    """Whether the beginning of a file is a line of a rank file."""
    line = raw.split(b"\n", 1)[0]
    try:
        return bool(_parse_line(line, 0, ""))
    except BadTokenizer:
        return False


def _parse_line(line: bytes, number: int, where: str) -> bytes:
    encoded, _, rank = line.partition(b" ")
    try:
        token = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        token = b""
    if not 0 < len(token) <= MAX_TOKEN_BYTES or rank != str(number).encode():
        raise BadTokenizer(
            "bad_rank", f"line {number + 1} of {where} is not a token and its rank {number}"
        )
    return token
