"""All documents of a release, by their paths in it.

Pure and deterministic: the same content gives the same bytes. Every Markdown document has a twin in
HTML under documents/, unless release.yaml wants none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from paddock.front_matter import CARD_NAME
from paddock.release.documents.changes.page import CHANGELOG_PATH, render_changelog
from paddock.release.documents.content import FOLDER, DocumentContent
from paddock.release.documents.evaluations.belonging import sort_results
from paddock.release.documents.evaluations.model_index import (
    EVAL_RESULTS_PATH,
    render_eval_results,
)
from paddock.release.documents.facts_file import FACTS_PATH, render_facts
from paddock.release.documents.html import render_html
from paddock.release.documents.model_card.openness import OPENNESS_PATH
from paddock.release.documents.model_card.page import render_card
from paddock.release.documents.mof.mof_yaml import render_mof_yaml
from paddock.release.documents.mof.page import render_openness
from paddock.release.documents.regulators import public_documents

MOF_PATH = f"{FOLDER}/mof.yaml"
CARD_HTML_PATH = f"{FOLDER}/model-card.html"

# Path to renderer; a renderer that gives None has nothing to say about this release.
Renderer = Callable[[DocumentContent], bytes | None]
_RENDERERS: Mapping[str, Renderer] = {
    CARD_NAME: render_card,
    EVAL_RESULTS_PATH: lambda content: render_eval_results(
        sort_results(content.results, content.spec, content.files).own
    ),
    OPENNESS_PATH: render_openness,
    MOF_PATH: render_mof_yaml,
    FACTS_PATH: render_facts,
    CHANGELOG_PATH: render_changelog,
}


def documents(content: DocumentContent) -> dict[str, bytes]:
    """Every document, path to bytes, sorted by path."""
    written = {
        path: rendered
        for path, render in _RENDERERS.items()
        if (rendered := render(content)) is not None
    }
    written |= public_documents(content, tuple(sorted(written)))
    if content.spec.docs.html:
        pages = {path: raw for path, raw in written.items() if path.endswith(".md")}
        written |= {_twin(path): render_html(raw, _to_root(path)) for path, raw in pages.items()}
    return dict(sorted(written.items()))


def written_paths(content: DocumentContent) -> tuple[str, ...]:
    """The paths of what will be written, as far as a plan can tell, sorted."""
    paths = set(documents(replace(content, results=())))
    if any(result.dataset is not None for result in content.results):
        paths.add(EVAL_RESULTS_PATH)
    return tuple(sorted(paths))


def _twin(path: str) -> str:
    return CARD_HTML_PATH if path == CARD_NAME else path.removesuffix(".md") + ".html"


def _to_root(path: str) -> str:
    """The card's twin lies one folder below the card; the others lie beside theirs."""
    return "../" if path == CARD_NAME else ""
