"""JSON laid out for people: every character of a value stays as it was, only space is added.

Pure, linear and bounded. Reads the text as tokens and never as values, so that numbers are not
rounded, keys stay twice where they are twice, and depth costs nothing. What is no JSON is not laid
out.
"""

from __future__ import annotations

import re
from typing import Final

MAX_TEXT_CHARS: Final = 1_000_000
MAX_LAID_OUT_CHARS: Final = 2_000_000
_MAX_DEPTH: Final = 64
# A file that has lines of this length on average is laid out as it is.
_READABLE_LINE_CHARS: Final = 200

_TOKEN = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+|\s+', re.DOTALL)


def lay_out(text: str) -> str | None:
    """The text with a line for each value; None where it has lines already, or is no JSON."""
    if len(text) > MAX_TEXT_CHARS or len(text) <= _READABLE_LINE_CHARS * (text.count("\n") + 1):
        return None
    parts: list[str] = []
    written = at = 0
    depth: list[str] = []
    before = ""
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        at, piece = found.end(), found[0]
        if piece.isspace():
            continue
        if piece in "]}" and (not depth or depth.pop() != piece):
            return None
        part = _break(before, piece, len(depth)) + piece
        if piece in "[{":
            depth.append("]" if piece == "[" else "}")
        parts.append(part)
        written += len(part)
        if written > MAX_LAID_OUT_CHARS or len(depth) > _MAX_DEPTH:
            return None
        before = piece
    return None if depth else "".join(parts) + "\n"


def _break(before: str, piece: str, depth: int) -> str:
    """The space between two tokens."""
    if piece in ",:" or not before:
        return ""
    if before == ":":
        return " "
    if (before == "[" and piece == "]") or (before == "{" and piece == "}"):
        return ""
    return "\n" + "  " * depth
