"""A comment's HTML as it stands on a page: headings in order, pictures of this hub alone, tables
that can be reached by keyboard.

Pure. Takes what the sanitiser gave when the comment was written, which is well-formed, and lets a
sanitiser have the last word once more. Pictures from elsewhere become links: no page asks anybody
else for anything.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

from markupsafe import Markup

from paddock.web.cards.sanitising import as_shown

TOP = 3  # the level of a comment's highest headings: above are the repository and the title
_MAX_LEVEL = 6
_KEPT = 500  # comments of which the HTML is remembered
_KEPT_CHARS = 20_000  # longer ones are made anew each time
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_MEDIA = frozenset({"img", "video", "audio"})
# An attachment's address, whatever name this hub had when it was written; or a repository's file.
# No other page of this hub: to look at one may mean something.
_UPLOAD = re.compile(
    r"(?:https?://[^/?#]*)?(/uploads/[0-9a-f]{24}/[A-Za-z0-9_-]{22}\.[a-z0-9]{3,4})"
)
_FILE = re.compile(r"/(?:datasets/|spaces/)?[^/\s\\]+/[^/\s\\]+/resolve/[^/\s\\]+/[^\s\\?#]+")


def shown_comment(html: str) -> Markup:
    """The sanitised HTML of a comment, for a page."""
    made = _remembered(html) if len(html) <= _KEPT_CHARS else _made(html)
    return Markup(made)  # noqa: S704  (the sanitiser had the last word)


def _made(html: str) -> str:
    rewriter = _Rewriter()
    rewriter.feed(html)
    rewriter.close()
    return as_shown("".join(rewriter.out))


_remembered = lru_cache(_KEPT)(_made)


class _Rewriter(HTMLParser):
    """One comment; feed it once, then read ``out``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._last = TOP - 1  # the level of the heading before
        self._before: list[str] | None = None  # what was written before the heading that is open
        self._within = 0  # headings within it, which mean nothing
        self._links = 0

    def handle_data(self, data: str) -> None:
        self.out.append(escape(data, quote=False))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _HEADINGS and self._before is not None:
            self._within += 1
        elif tag in _HEADINGS:
            self._before, self.out = self.out, []
        elif tag in _MEDIA:
            self._media(tag, given)
        elif tag == "table":
            label = {"class": "scroll", "role": "group", "aria-label": "Table", "tabindex": "0"}
            self._write("div", label)
            self._write(tag, given)
        elif tag == "pre":
            self._write(tag, {"tabindex": "0"})
        else:
            self._links += tag == "a"
            self._write(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS and self._within:
            self._within -= 1
        elif tag in _HEADINGS and self._before is not None:
            self._end_heading(int(tag[1]))
        elif tag == "table":
            self.out.append("</table></div>")
        elif tag not in _MEDIA and tag not in {"br", "hr"}:
            self._links -= tag == "a"
            self.out.append(f"</{tag}>")

    def _end_heading(self, written: int) -> None:
        """The heading, one step below the one before at most; one that says nothing is none."""
        inside, self.out, self._before = "".join(self.out), self._before or [], None
        if not re.sub(r"<[^>]*>", "", inside).strip():
            self.out.append(inside)
            return
        self._last = min(written + TOP - 1, self._last + 1, _MAX_LEVEL)
        self.out.append(f"<h{self._last}>{inside}</h{self._last}>")

    def _media(self, tag: str, given: dict[str, str]) -> None:
        source = given.get("src", "")
        own = _own(source)
        alt = given.get("alt", "").strip()
        if own is None:
            self._instead(source, alt)
        elif tag == "img":
            said = ("width", "height", "title")
            sizes: dict[str, str] = {name: given[name] for name in said if name in given}
            alt = alt or own.rpartition("/")[2]
            self._write("img", {"src": own, "alt": alt, "loading": "lazy", **sizes})
        else:
            self._write(tag, {"src": own, "controls": "", "preload": "none"})
            self.out.append(f"</{tag}>")

    def _instead(self, source: str, alt: str) -> None:
        """A link to what is elsewhere; only words within a link, or where there is no address."""
        said = escape(alt or "a picture that is not shown")
        if self._links or not source.startswith(("http://", "https://")):
            self.out.append(said)
        else:
            self._write("a", {"href": source, "title": "A picture from elsewhere"})
            self.out.append(f"{said}</a>")

    def _write(self, tag: str, attributes: dict[str, str]) -> None:
        said = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
        self.out.append(f"<{tag}{said}>")


def _own(source: str) -> str | None:
    """Where a picture of this hub is, as a path."""
    if found := _UPLOAD.fullmatch(source):
        return found[1]
    return source if _FILE.fullmatch(source) and "/.." not in source else None
