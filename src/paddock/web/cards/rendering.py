"""A card as HTML for our page: Markdown, sanitised, at home in its repository, sanitised again.

Knows the order of the steps, and no rows. Whoever shows it still forbids scripts by a policy.
"""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from paddock.web.cards.limits import beginning_of, to_html
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
    rewriter = Rewriter(place, size_of, top)
    rewriter.feed(as_written(to_html(begun.text)))
    rewriter.close()
    html = Markup(as_shown(rewriter.html))  # noqa: S704  (the sanitiser had the last word)
    left_out = rewriter.pictures_left_out
    return Card(html, tuple(rewriter.contents), begun.is_cut, left_out)
