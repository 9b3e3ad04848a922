"""A stranger's words as plain text in Markdown: they read as written and start nothing.

No character of them is markup, no line of them begins a list, a heading, a table or a link, and
nothing invisible or direction-changing is passed on (Unicode "Bidi_Control", C0 and C1 controls,
line and paragraph separators, the byte order mark, lone surrogates): each becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!&~$])")
_LINE_START = re.compile(r"^([-+=:]|\d{1,9}(?=[.)](?:\s|$)))")


def visible(text: str) -> str:
    """The text with line ends as ``\\n``, and U+FFFD for what nobody can see."""
    return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def visible_values(value: Any) -> Any:
    """The same for every text inside lists and mappings; their keys stay as they are."""
    match value:
        case str():
            return visible(value)
        case list() | tuple():
            return [visible_values(item) for item in value]
        case dict():
            return {key: visible_values(item) for key, item in value.items()}
        case _:
            return value


def in_line(text: str) -> str:
    """One line of plain text, for a cell, an item or the middle of a sentence."""
    line = _MARKUP.sub(r"\\\1", " ".join(visible(text).split()))
    return _LINE_START.sub(_escaped_start, line)


def paragraphs(text: str) -> str:
    """Paragraphs of plain text, divided where the text has empty lines."""
    parts = (in_line(part) for part in re.split(r"\n\s*\n", visible(text)))
    return "\n\n".join(part for part in parts if part)


def in_code(text: str) -> str:
    """One line between backquotes, with a fence that is longer than any run inside."""
    line = " ".join(visible(text).split()) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain text."""
    lines = [tuple(in_line(title) for title in head), tuple("---" for _ in head)]
    lines += [tuple(in_line(cell) for cell in row) for row in rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def bullets(items: Iterable[str]) -> str:
    """A list of plain text, a line each."""
    return "\n".join(f"- {in_line(item)}" for item in items)


def _escaped_start(match: re.Match[str]) -> str:
    start = match[1]
    # A number needs its full stop escaped, which is the next character; break the pair instead.
    return start + "\\" if start[0].isdigit() else "\\" + start
