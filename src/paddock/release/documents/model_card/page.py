"""The whole card: the Hub's front matter, then what the Hub's template has a slot for.

Pure: content in, README.md out. A slot that no fact fills is not there; nothing says "more
information needed".
"""

from __future__ import annotations

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.evaluations.belonging import sort_results
from paddock.release.documents.model_card import about, checking, openness
from paddock.release.documents.model_card.front_matter import render_front_matter
from paddock.release.documents.model_card.results import evaluation
from paddock.release.documents.model_card.told import joined


def render_card(content: DocumentContent) -> bytes:
    """README.md."""
    found = sort_results(content.results, content.spec, content.files)
    return (render_front_matter(content, found.own) + "\n\n" + render_body(content) + "\n").encode()


def render_body(content: DocumentContent) -> str:
    """The card without its head."""
    found = sort_results(content.results, content.spec, content.files)
    return joined(
        [
            about.opening(content),
            about.details(content),
            about.uses(content),
            about.risks(content),
            checking.get_started(content),
            about.training(content),
            evaluation(content, found),
            about.environment(content),
            about.specifications(content),
            openness.components(content),
            openness.terms(content),
            checking.verify(content),
            checking.files(content),
            about.ending(content),
        ]
    )
