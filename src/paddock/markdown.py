"""What people write, as HTML that is safe to show, and whom they call by name.

Pure. In cards and notes raw HTML is text. Comments may hold HTML, as their writers expect, so there
the sanitiser has the last word: only elements and attributes that are named here come out, no
scripts, styles, forms, frames or ids, and no address but of the web and of mail. Whoever shows it
still forbids scripts by a policy.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_MENTIONS = 50

_comments = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_cards = MarkdownIt("commonmark", {"html": False}).enable("table")
_notes = MarkdownIt("commonmark", {"html": False}).disable("image")

_HEADINGS = {f"h{level}" for level in range(1, 7)}
_TEXT = {
    "a",
    "abbr",
    "b",
    "br",
    "code",
    "del",
    "em",
    "i",
    "kbd",
    "s",
    "span",
    "strong",
    "sub",
    "sup",
}
_BLOCKS = {"blockquote", "details", "div", "hr", "li", "ol", "p", "pre", "summary", "ul"}
_TABLES = {"table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_MEDIA = {"audio", "img", "video"}
_sanitiser = nh3.Cleaner(
    tags=_HEADINGS | _TEXT | _BLOCKS | _TABLES | _MEDIA,
    attributes={
        "a": {"href", "title"},
        "audio": {"controls", "src"},
        "details": {"open"},
        "img": {"alt", "height", "src", "title", "width"},
        "ol": {"start"},
        "td": {"align", "colspan", "rowspan"},
        "th": {"align", "colspan", "rowspan"},
        "video": {"controls", "height", "src", "width"},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener noreferrer ugc",
    strip_comments=True,
)

# Not inside a word, an address or a path: "a@b.c" and "x/@y" call nobody.
_MENTION = re.compile(r"(?<![\w@/.+-])@([A-Za-z0-9][A-Za-z0-9._-]{0,95})")


class Rendered(NamedTuple):
    """A text as HTML, and the names in it that follow an ``@``, each once, in their order."""

    html: str
    mentions: tuple[str, ...]


def render_markdown(text: str) -> Rendered:
    """CommonMark with tables and HTML, as safe HTML. Code mentions nobody."""
    tokens = _comments.parse(text)
    unsafe = _comments.renderer.render(tokens, _comments.options, {})
    return Rendered(_sanitiser.clean(unsafe), _mentions(tokens))


def render_card(text: str) -> str:
    """A model card: CommonMark with tables, whose HTML is shown as text."""
    html: str = _cards.render(text)
    return html


def render_note(text: str) -> str:
    """A few words in one paragraph: no images, and HTML is shown as text."""
    html: str = _notes.renderInline(text)
    return html


def _mentions(tokens: list[Token]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for token in tokens:
        for child in token.children or ():
            if child.type == "text":
                found.update((name.rstrip(".-"), None) for name in _MENTION.findall(child.content))
    return tuple(found)[:MAX_MENTIONS]
