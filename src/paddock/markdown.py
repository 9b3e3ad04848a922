"""What people write, as HTML that is safe to show, and whom they call by name.

Pure. In cards and notes raw HTML is text. Comments may hold HTML, as their writers expect, so there
the sanitiser has the last word: only elements and attributes that are named here come out, no
scripts, styles, forms, frames or ids, and no address but of the web and of mail. Whoever shows it
still forbids scripts by a policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MAX_MENTIONS = 50
MAX_LINKED_MENTIONS = 500  # of one text: a link is many times as long as what is linked
MAX_ADDRESS_CHARS = 2000
_ADDRESSES_CHARS = 100_000  # of all links of a short text together

_comments = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_cards = MarkdownIt("commonmark", {"html": False}).enable("table")
_notes = MarkdownIt("commonmark", {"html": False}).disable("image")


def align_cells(state: StateCore) -> None:
    """How a cell is aligned, as an attribute: the pages' policy allows no style of an element."""
    for token in state.tokens:
        style = token.attrs.pop("style", None) if token.type in {"td_open", "th_open"} else None
        if isinstance(style, str):
            token.attrs["align"] = style.removeprefix("text-align:")


def bound_addresses(state: StateCore) -> None:
    """Take addresses away that are too long, or too many: a reference repeats one with each use.

    Else a text of 250 kB becomes a page of 600 MB.
    """
    left = _ADDRESSES_CHARS + 2 * len(state.src)
    for token in state.tokens:
        for child in token.children or ():
            if child.type not in {"link_open", "image"}:
                continue
            size = sum(len(str(value)) for value in child.attrs.values())
            if size > min(left, MAX_ADDRESS_CHARS):
                child.attrs = {key: "" for key in child.attrs if key in {"src", "alt"}}
            else:
                left -= size


for _markdown in (_comments, _cards):
    _markdown.core.ruler.push("align_cells", align_cells)
    _markdown.core.ruler.push("bound_addresses", bound_addresses)

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
# The same of a team, by its organisation: "@org/team". Only the first of the two becomes a link.
_TEAM = re.compile(_MENTION.pattern + r"/([A-Za-z0-9][A-Za-z0-9_-]{0,41}+)(?!/)")


class Rendered(NamedTuple):
    """A text as HTML, and the names in it that follow an ``@``, each once, in their order.

    A team's is ``org/team``, besides the organisation's.
    """

    html: str
    mentions: tuple[str, ...]


# Where accounts are, by those of the names that some have.
Whereabouts = Callable[[tuple[str, ...]], Mapping[str, str]]


def render_markdown(text: str, find_accounts: Whereabouts | None = None) -> Rendered:
    """CommonMark with tables and HTML, as safe HTML. Code mentions nobody.

    A mention becomes a link where ``find_accounts`` knows an address for the name.
    """
    tokens = _comments.parse(text)
    mentions = _mentions(tokens)
    if mentions and find_accounts is not None:
        _link_mentions(tokens, find_accounts(mentions))
    unsafe = _comments.renderer.render(tokens, _comments.options, {})
    return Rendered(_sanitiser.clean(unsafe), mentions)


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
                teams = _TEAM.findall(child.content)
                found.update((f"{org}/{team.rstrip('-')}", None) for org, team in teams)
    return tuple(found)[:MAX_MENTIONS]


def _link_mentions(tokens: list[Token], addresses: Mapping[str, str]) -> None:
    """Make links of the names that have addresses, but for those that are within links."""
    left = MAX_LINKED_MENTIONS
    for token in tokens:
        linked: list[Token] = []
        links_open = 0
        for child in token.children or ():
            links_open += (child.type == "link_open") - (child.type == "link_close")
            if child.type != "text" or links_open or left <= 0:
                linked.append(child)
                continue
            parts = list(_parts(child, addresses, left))
            left -= sum(part.type == "link_open" for part in parts)
            linked += parts
        if token.children is not None:
            token.children = linked


def _parts(text: Token, addresses: Mapping[str, str], most: int) -> Iterator[Token]:
    """The same text, where up to so many names with an address are links."""
    content, at = text.content, 0
    for found in _MENTION.finditer(content):
        name = found[1].rstrip(".-")
        if name not in addresses or most <= 0:
            continue
        end = found.start(1) + len(name)
        yield Token("text", "", 0, content=content[at : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": addresses[name]})
        yield Token("text", "", 0, content=content[found.start() : end])
        yield Token("link_close", "a", -1)
        at, most = end, most - 1
    yield Token("text", "", 0, content=content[at:])
