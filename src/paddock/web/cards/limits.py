"""Markdown under budgets, because a few kilobytes of it can be written to cost minutes.

Pure. What CommonMark costs grows faster than its text in a few places: lazy quotes with their
lines, tables with rows that are filled up, paragraphs with brackets, references that repeat a long
address. Each has a budget here; what is over it is shown as plain text.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore

from paddock.markdown import align_cells, bound_addresses

MAX_BYTES = 250_000
MAX_LINES = 8_000
MAX_NESTING = 12
MAX_COLUMNS = 60
MAX_CELLS = 12_000
MAX_PARAGRAPH_CHARS = 8_000
_MAX_OPEN_ELEMENTS = 200
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Never closed, or closed by their neighbours: these do not nest.
_FLAT = frozenset(
    {
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link",
        "meta", "p", "source", "tbody", "td", "th", "thead", "tr", "track", "wbr",
    }
)  # fmt: skip


class Beginning(NamedTuple):
    """As much of a text as is shown."""

    text: str
    is_cut: bool


def beginning_of(text: str) -> Beginning:
    """The first lines of a text, so many as are shown."""
    shown = text[:MAX_BYTES]
    lines = shown.split("\n", MAX_LINES)
    if len(lines) > MAX_LINES:
        shown = "\n".join(lines[:MAX_LINES])
    return Beginning(shown, len(shown) < len(text))


def to_html(text: str) -> str:
    """CommonMark with tables as HTML that nobody has made safe yet."""
    html: str = _with_html.render(text, _budgets())
    return html if is_shallow(html) else str(_as_text.render(text, _budgets()))


def _budgets() -> dict[str, Any]:
    return {"cells": MAX_CELLS}


def _new_parser(*, html: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": html, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.before("inline", "long_paragraphs", _keep_long_paragraphs)
    parser.core.ruler.push("addresses", bound_addresses)
    parser.core.ruler.push("align_cells", align_cells)
    return parser


def _table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """A table of so many columns and, with all others of the text, so many cells."""
    if start_line + 2 > end_line:
        return False
    columns = state.getLines(start_line + 1, start_line + 2, 0, False).count("|") + 1
    left = int(state.env["cells"])
    if columns > MAX_COLUMNS or 2 * columns > left:
        return False
    rows = left // columns
    found = table(state, start_line, min(end_line, start_line + 1 + rows), silent)
    if found and not silent:
        state.env["cells"] = left - columns * (state.line - start_line)
    return found


def _keep_long_paragraphs(state: StateCore) -> None:
    """A paragraph of absurd length stays as it was typed."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > MAX_PARAGRAPH_CHARS:
            token.type, token.tag, token.children = "text", "", None


def is_shallow(html: str) -> bool:
    """Whether elements are nested so deep as people do."""
    depth = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _FLAT:
            depth += -1 if closing else 1
            if depth > _MAX_OPEN_ELEMENTS:
                return False
            depth = max(depth, 0)
    return True


_with_html = _new_parser(html=True)
_as_text = _new_parser(html=False)
