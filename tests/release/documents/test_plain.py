"""A stranger's words stay words in Markdown, whatever they are."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from paddock.release.documents.plain import bullets, in_code, in_line, paragraphs, table

COMMON = MarkdownIt("commonmark").enable("table").enable("strikethrough")
HOSTILE = [
    "# heading", "- item", "1. one", "2) two", "> quote", "===", "---", "***", "| a | b |",
    "![x](http://evil.example/x.png)", "[x](javascript:alert(1))", "<script>alert(1)</script>",
    "<http://evil.example>", "&lt;b&gt;", "`code`", "**bold** __bold__ ~~gone~~", "a\\", "\\| |",
    "```\nx", "    indented", "+ item", "[ref]: http://evil.example", "<!-- x -->", "a  \nb",
    "\u202egnp.exe", "\x1b[31mred", "line\u2028line", "\ud800",
]  # fmt: skip
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))


def _as_read(text: str) -> str:
    """What a reader should see: the words with single spaces."""
    kept = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
                  "\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}",
                  text.replace("\r\n", "\n").replace("\r", "\n"))  # fmt: skip
    return " ".join(kept.split())


@given(texts)
@example("1. x")
@example("12345678901. x")
def test_one_line_reads_as_written_and_starts_nothing(text: str) -> None:
    tokens = COMMON.parse(in_line(text))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    inside = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inside} <= {"text", "text_special"}
    assert "".join(child.content for child in inside) == _as_read(text)


@given(st.lists(texts, min_size=1, max_size=3))
def test_paragraphs_are_paragraphs_alone(parts: list[str]) -> None:
    tokens = COMMON.parse(paragraphs("\n\n".join(parts)))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=3))
def test_no_cell_ends_its_table(rows: list[tuple[str, str]]) -> None:
    tokens = COMMON.parse(table(("Name", "Value"), rows))
    assert [token.type for token in tokens].count("table_open") == 1
    cells = [token for token in tokens if token.type == "inline"]
    read = ["".join(child.content for child in cell.children or ()) for cell in cells]
    assert read == ["Name", "Value", *(_as_read(cell) for row in rows for cell in row)]
    kinds = {child.type for cell in cells for child in cell.children or ()}
    assert kinds <= {"text", "text_special"}


@given(st.lists(texts, min_size=1, max_size=3))
def test_a_list_has_an_item_for_each_text(items: list[str]) -> None:
    html = COMMON.render(bullets(items))
    assert html.count("<li>") == len(items)


@given(texts)
def test_code_is_one_piece_of_code(text: str) -> None:
    tokens = COMMON.parse("x " + in_code(text))
    inside = [child for token in tokens for child in token.children or ()]
    assert [child.type for child in inside] == ["text", "code_inline"]
