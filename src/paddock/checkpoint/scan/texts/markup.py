"""Scripts in pictures, pages and cards.

Tags are found as a forgiving browser would find them: by their angle bracket and name, with what
stands until they close. In a card, code blocks are text; Markdown's own parser tells them apart.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from paddock.checkpoint.scan.documents import text_of, unread
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

MAX_MARKUP_BYTES = 8 << 20
MAX_CARD_CHARS = 1 << 20  # larger ones are searched as if they were a page
MAX_TAG_CHARS = 8_000
MAX_OF_A_CODE = 5
_TAG = re.compile(r"<\s*([A-Za-z!?][\w:.-]{0,60})")
_RUNNING = frozenset((
    "script", "iframe", "object", "embed", "applet", "frame", "frameset", "base", "foreignobject",
    "handler", "portal", "fencedframe",
))  # fmt: skip
_HANDLER = re.compile(r"[\s/\"']on[a-z]{3,40}\s*=", re.IGNORECASE)
_RUNNING_LINK = re.compile(
    r"(?:javascript|vbscript|livescript):|data:(?:text/html|image/svg|application)"
)
_REFRESH = re.compile(r"http-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)
_FETCHING = frozenset(("use", "image", "feimage", "style", "link", "xml-stylesheet"))
_ELSEWHERE = re.compile(
    r"(?:href|src)\s*=\s*[\"']?\s*(?:https?:|file:)?//|@import|url\(\s*[\"']?(?:https?:)?//", re.I
)
_IMPORTED_STYLE = re.compile(
    r"(?i)@import\s{1,9}(?:url\()?[\"']?(?:https?:)?//|url\([\"']?https?://"
)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_cards = MarkdownIt("commonmark", {"html": True}).enable("table")
_cards.validateLink = lambda url: True  # type: ignore[method-assign]  # links are judged here


def check_markup(look: Look) -> Iterator[Reason]:
    """Scripts in an SVG picture, a page or a card."""
    text = text_of(look, MAX_MARKUP_BYTES)
    yield from unread(look, MAX_MARKUP_BYTES)
    is_card = look.kind is Kind.MARKDOWN or look.basename.lower().endswith((".md", ".mdx"))
    if is_card and len(text) <= MAX_CARD_CHARS:
        text = _markup_of_card(text)
    elif not is_card and look.kind in (Kind.SVG, Kind.XML) and _ENTITY.search(text):
        yield Reason("active_markup", look.name, "it declares entities, which readers expand")
    if look.kind in (Kind.SVG, Kind.HTML) and _IMPORTED_STYLE.search(text):
        yield Reason("embedded_page", look.name, "its style loads something from elsewhere")
    for code, message in active_markup(text):
        look.budget.tick()
        yield Reason(code, look.name, message)


def active_markup(text: str) -> Iterator[tuple[str, str]]:
    """What would run, or fetch something, if a browser showed the text."""
    told: dict[str, set[str]] = {}
    for code, message in _in_tags(text):
        seen = told.setdefault(code, set())
        if message not in seen and len(seen) < MAX_OF_A_CODE:
            seen.add(message)
            yield code, message


def _in_tags(text: str) -> Iterator[tuple[str, str]]:
    for found in _TAG.finditer(text):
        name = found[1].lower()
        end = text.find(">", found.start(), found.start() + MAX_TAG_CHARS)
        inside = text[found.start() : end + 1 if end >= 0 else found.start() + 200]
        local = name.rpartition(":")[2].lstrip("?")
        if local in _RUNNING:
            yield "active_markup", f"it holds the element {shown(local)}: {shown(inside)}"
        elif local == "form":
            yield "embedded_page", f"it asks people for something: {shown(inside)}"
        elif "=" not in inside:
            continue
        elif _HANDLER.search(inside):
            yield "active_markup", f"an element has a script: {shown(inside)}"
        elif _runs(inside) or (local == "meta" and _REFRESH.search(inside)):
            yield "active_markup", f"an element leads to a script: {shown(inside)}"
        elif local in _FETCHING and _ELSEWHERE.search(inside):
            yield "embedded_page", f"it loads something from elsewhere: {shown(inside)}"


def _runs(inside: str) -> bool:
    if ":" not in inside and "&" not in inside:
        return False
    plain = re.sub(r"[\x00-\x20]", "", html.unescape(inside)).lower()
    if plain.startswith("<img"):  # a picture in it runs nothing
        plain = plain.replace("data:image/svg", "")
    return bool(_RUNNING_LINK.search(plain))


def _markup_of_card(text: str) -> str:
    """The HTML in a card, and its links as elements."""
    try:
        tokens = _cards.parse(text)
    except (RecursionError, ValueError, IndexError):
        return text
    return "\n".join(_markup_of(tokens))


def _markup_of(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            yield token.content
        target = token.attrs.get("href") or token.attrs.get("src")
        if target:
            yield f'<a href="{html.escape(str(target))}">'
        yield from _markup_of(token.children or [])
