"""A card as HTML for our page: Markdown, sanitised, at home in its repository, sanitised again.

Knows the order of the steps, and no rows. Whoever shows it still forbids scripts by a policy.
"""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from markupsafe import Markup

from paddock.web.cards.limits import beginning_of, is_shallow, to_html
from paddock.web.cards.places import Place
from paddock.web.cards.rewriting import Heading, Rewriter, Size, Sizes
from paddock.web.cards.sanitising import as_shown, as_written


class Card(NamedTuple):
    """A card as it is shown."""

    html: Markup
    contents: tuple[Heading, ...]
    is_cut: bool  # only its beginning is shown
    pictures_left_out: int  # links to them are shown instead


def _unknown(_path: str) -> Size | None:
    return None


def render(text: str, place: Place, size_of: Sizes = _unknown, top: int = 2) -> Card:
    """The card; its highest headings become those of level ``top``."""
    begun = beginning_of(text)
    return _shown(to_html(begun.text), place, size_of, top, is_cut=begun.is_cut)


def render_html(text: str, place: Place, top: int = 2) -> Card:
    """The same for a text that is HTML already; one that is nested too deep is shown as text."""
    begun = beginning_of(text)
    html = begun.text if is_shallow(begun.text) else f"<pre>{escape(begun.text)}</pre>"
    return _shown(html, place, _unknown, top, is_cut=begun.is_cut)


def _shown(html: str, place: Place, size_of: Sizes, top: int, *, is_cut: bool) -> Card:
    rewriter = Rewriter(place, size_of, top)
    rewriter.feed(as_written(html))
    rewriter.close()
    shown = Markup(as_shown(rewriter.html))  # noqa: S704  (the sanitiser had the last word)
    return Card(shown, tuple(rewriter.contents), is_cut, rewriter.pictures_left_out)
