"""Headings, links, pictures and tables of a sanitised card, as they stand on our page.

Takes what the sanitiser gave, which is well-formed, and gives HTML for it to see once more. Knows
the card's place, not its repository's files.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from typing import NamedTuple

from paddock.web.cards.places import ANCHOR, Place, host_of, slug

MAX_PICTURES = 100
MAX_CONTENTS = 60
_VOID = frozenset({"br", "hr", "img"})
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))


class Heading(NamedTuple):
    """A line of the table of contents."""

    level: int  # 2 to 6
    anchor: str
    text: str


class Size(NamedTuple):
    """Of a picture, in pixels."""

    width: int
    height: int


Sizes = Callable[[str], Size | None]  # by path in the repository


class Rewriter(HTMLParser):
    """One card; feed it once, then read the results."""

    def __init__(self, place: Place, size_of: Sizes, top: int) -> None:
        super().__init__(convert_charrefs=True)
        self.contents: list[Heading] = []
        self.pictures = 0
        self.pictures_left_out = 0
        self._place, self._size_of = place, size_of
        self._shift, self._last = top - 1, top - 1
        self._out: list[str] = []
        self._open: list[str] = []
        self._heading: tuple[list[str], str] | None = None  # what was written before it, its align
        self._headings_within = 0
        self._links = 0
        self._names: dict[str, int] = {}

    @property
    def html(self) -> str:
        """What was made of it."""
        return "".join(self._out)

    def handle_data(self, data: str) -> None:
        self._out.append(escape(data, quote=False))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _HEADINGS and self._heading is not None:
            self._headings_within += 1  # of no meaning: its words are the outer one's
        elif tag in _HEADINGS:
            self._heading, self._out = (self._out, given.get("align", "")), []
        elif tag in {"img", "video", "audio"}:
            self._media(tag, given)
        elif tag == "a":
            self._links += 1
            target = self._place.link(given["href"]) if "href" in given else None
            self._write("a", {"href": target, "title": given.get("title")})
        elif tag == "table":
            label = {"class": "scroll", "role": "group", "aria-label": "Table", "tabindex": "0"}
            self._write("div", label)
            self._write(tag, given)
        elif tag == "pre":
            self._write(tag, {"tabindex": "0"})
        else:
            self._write(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS and self._headings_within:
            self._headings_within -= 1
        elif tag in _HEADINGS and self._heading is not None:
            self._end_heading(*self._heading, int(tag[1]))
        elif tag == "a":
            self._links -= 1
            self._out.append("</a>")
        elif tag == "table":
            self._out.append("</table></div>")
        elif tag not in _VOID and tag not in {"video", "audio"}:
            self._out.append(f"</{tag}>")

    def _write(self, tag: str, attributes: dict[str, str] | dict[str, str | None]) -> None:
        said = "".join(
            f' {name}="{escape(value)}"' for name, value in attributes.items() if value is not None
        )
        self._out.append(f"<{tag}{said}>")

    def _end_heading(self, before: list[str], align: str, written: int) -> None:
        """The heading, one step below the one before at most; nothing where it says nothing."""
        inside, self._out, self._heading = "".join(self._out), before, None
        text = _text_of(inside)
        if not text:
            self._out.append(inside)
            return
        level = min(written + self._shift, self._last + 1, 6)
        self._last = level
        anchor = ANCHOR + self._unique(slug(text))
        if len(self.contents) < MAX_CONTENTS and level <= 4:
            self.contents.append(Heading(level, anchor, text[:200]))
        self._write(f"h{level}", {"id": anchor, "align": align or None})
        self._out.append(inside)
        label = f"Link to “{text[:100]}”"
        self._write("a", {"class": "anchor", "href": f"#{anchor}", "aria-label": label})
        self._out.append(f"#</a></h{level}>")

    def _unique(self, name: str) -> str:
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        return f"{name}-{count}" if count else name

    def _media(self, tag: str, given: dict[str, str]) -> None:
        """What lies in the repository is shown, so many; anything else is a link to it."""
        source = given.get("src", "")
        own = self._place.media(source)
        if own is None or self.pictures >= MAX_PICTURES:
            self.pictures_left_out += own is not None
            self._instead(source, own, given.get("alt", "").strip())
            return
        self.pictures += 1
        if tag != "img":
            size = {"width": _pixels(given, "width"), "height": _pixels(given, "height")}
            self._write(tag, {"src": own, "controls": "", "preload": "none", **size})
            self._out.append(f"</{tag}>")
            return
        alt = given.get("alt", "") or (own.rpartition("/")[2] if self._links else "")
        self._write(
            "img",
            {
                "src": own, "alt": alt, "title": given.get("title"), "loading": "lazy",
                "decoding": "async", **self._size(given, source),
            },
        )  # fmt: skip

    def _instead(self, source: str, own: str | None, alt: str) -> None:
        target = own or (self._place.link(source) if source else None)
        said = alt or (f"picture at {host}" if (host := host_of(source)) else "picture")
        if self._links or target is None:  # no link within a link
            self._out.append(escape(said))
            return
        self._write("a", {"href": target, "title": f"A picture that is not shown: {said}"[:300]})
        self._out.append(f"{escape(said)}</a>")

    def _size(self, given: dict[str, str], source: str) -> dict[str, str | None]:
        """As the card says; where it does not, as the file is, so that nothing jumps."""
        width, height = _pixels(given, "width"), _pixels(given, "height")
        path = self._place.path(source)
        if (width and height) or path is None or (found := self._size_of(path)) is None:
            return {"width": width, "height": height}
        if width is not None:
            height = str(max(1, round(int(width) * found.height / found.width)))
        elif height is not None:
            width = str(max(1, round(int(height) * found.width / found.height)))
        else:
            width, height = str(found.width), str(found.height)
        return {"width": width, "height": height}


def _pixels(given: dict[str, str], name: str) -> str | None:
    value = given.get(name, "").strip().removesuffix("px")
    return value if value.isdecimal() and value.isascii() and 0 < int(value[:6]) <= 4000 else None


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(dict(attrs).get("alt") or "" if tag == "img" else "")


def _text_of(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return " ".join("".join(parser.parts).split())
