"""How far a tokenizer's steps can blow a text up: refused before any text goes through them.

The library runs a file's steps as they stand, without a bound of its own: three replacements of a
letter by ten thousand would fill any memory. Knows the steps that can make a text longer; what they
may do together is bounded by the product of what each may do to one character.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from paddock.checkpoint.errors import BadTokenizer

MAX_GROWTH: Final = 128
MAX_PIECE_CHARS: Final = 4096
_MAX_STEPS: Final = 256


def check_growth(tokenizer: dict[str, Any]) -> None:
    """Raise BadTokenizer where text could grow, or a token be long, beyond reason."""
    for part in ("normalizer", "pre_tokenizer", "decoder"):
        growth = 1.0
        for number, step in enumerate(_steps(tokenizer.get(part))):
            growth *= _growth(step)
            if growth > MAX_GROWTH or number >= _MAX_STEPS:
                raise BadTokenizer(
                    "blows_up", f"the tokenizer's {part} may make a text longer without bound"
                )
    longest = max(map(len, _pieces(tokenizer)), default=0)
    if longest > MAX_PIECE_CHARS:
        raise BadTokenizer("long_piece", f"the tokenizer has a token of {longest} characters")


def _steps(part: Any) -> Iterator[dict[str, Any]]:
    """The steps of a part, those within sequences too."""
    waiting = [part]
    while waiting:
        step = waiting.pop()
        if isinstance(step, dict):
            yield step
            for within in ("normalizers", "pretokenizers", "decoders"):
                inner = step.get(within)
                waiting += inner if isinstance(inner, list) else []


def _growth(step: dict[str, Any]) -> float:
    """How many characters one character may become."""
    content = step.get("content")
    match step.get("type"):
        case "Replace" if isinstance(content, str):
            pattern = step.get("pattern")
            text = pattern.get("String") if isinstance(pattern, dict) else None
            if isinstance(text, str) and text:
                return max(1.0, len(content) / len(text))
            return 1.0 + len(content)  # an expression may match nothing, between any two
        case "Prepend":
            return 1.0 + len(str(step.get("prepend")))
        case "Precompiled":
            return _longest_entry(step.get("precompiled_charsmap"))
    return 1.0


def _longest_entry(charsmap: Any) -> float:
    """SentencePiece's table: a trie's length and the trie, then texts that end with a zero byte."""
    try:
        raw = base64.b64decode(charsmap or "", validate=True)
    except (TypeError, ValueError, binascii.Error) as e:
        raise BadTokenizer("bad_charsmap", "the tokenizer's table of characters is damaged") from e
    texts = raw[4 + int.from_bytes(raw[:4], "little") :]
    return float(max(map(len, texts.split(b"\0")), default=1) or 1)


def _pieces(tokenizer: dict[str, Any]) -> Iterator[str]:
    vocab = tokenizer["model"].get("vocab")
    for piece in vocab or ():  # the keys of an object, or pairs with a score
        yield str(piece[0]) if isinstance(piece, list) and piece else str(piece)
    for token in tokenizer.get("added_tokens") or ():
        yield str(token.get("content"))
