"""Which elements and attributes of a card come out; everything else does not.

Pure. Twice: what writers may use, and after our own changes what pages may hold, so that the
sanitiser has the last word. No scripts, styles, forms, frames or names, and no address but of the
web and of mail.
"""

from __future__ import annotations

import nh3

_HEADINGS = {f"h{level}" for level in range(1, 7)}
_BLOCKS = {
    "blockquote", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "hr", "li",
    "ol", "p", "pre", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_WORDS = {
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s",
    "samp", "small", "span", "strong", "sub", "sup", "u", "var",
}  # fmt: skip
_MEDIA = {"audio", "img", "video"}
_SCHEMES = {"http", "https", "mailto"}
_WRITTEN: dict[str, set[str]] = {
    **{name: {"align"} for name in (*_HEADINGS, "p", "div")},
    "a": {"href", "title"},
    "abbr": {"title"},
    "audio": {"src"},
    "code": {"class"},
    "details": {"open"},
    "img": {"alt", "height", "src", "title", "width"},
    "li": {"value"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "video": {"height", "src", "width"},
}
_SHOWN: dict[str, set[str]] = {
    **_WRITTEN,
    **{name: {"align", "id"} for name in _HEADINGS},
    "a": {"aria-label", "class", "href", "title"},
    "audio": {"controls", "preload", "src"},
    "div": {"align", "aria-label", "class", "role", "tabindex"},
    "img": {"alt", "decoding", "height", "loading", "src", "title", "width"},
    "pre": {"tabindex"},
    "video": {"controls", "height", "preload", "src", "width"},
}


def _language(tag: str, attribute: str, value: str) -> str | None:
    """Of classes only the language of a block of code."""
    if attribute != "class":
        return value
    word = value.removeprefix("language-")
    is_language = value.startswith("language-") and word.isascii() and len(word) <= 40
    return value if is_language and word.replace("-", "").isalnum() else None


_written = nh3.Cleaner(
    tags=_HEADINGS | _BLOCKS | _WORDS | _MEDIA,
    attributes=_WRITTEN,
    attribute_filter=_language,
    url_schemes=_SCHEMES,
    link_rel=None,
    strip_comments=True,
)
_shown = nh3.Cleaner(
    tags=_HEADINGS | _BLOCKS | _WORDS | _MEDIA,
    attributes=_SHOWN,
    url_schemes=_SCHEMES,
    link_rel="nofollow noopener noreferrer ugc",
    strip_comments=True,
)


def as_written(html: str) -> str:
    """What a writer may use."""
    return _written.clean(html)


def as_shown(html: str) -> str:
    """What a page may hold, after our own changes."""
    return _shown.clean(html)
