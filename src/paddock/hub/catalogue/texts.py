"""The words by which a repository is found beside its name: of its tags and of its card's text.

Knows which texts count, how much of them, and the row that keeps their words; the rows' triggers
and indices do the rest (``tables``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from paddock.hub.catalogue.card import texts
from paddock.hub.catalogue.derived import Evidence, Facts
from paddock.hub.catalogue.tables import repository_texts
from paddock.hub.catalogue.words import words_of
from paddock.hub.types import Repository

MAX_PROSE_CHARS = 4096
_MAX_FIELD_CHARS = 500
_FIELDS = ("title", "pretty_name", "summary", "description", "short_description", "model_name")


def searched_words(evidence: Evidence, facts: Facts) -> str:
    """Every distinct word behind a space: titles and tags first, then the card's beginning."""
    return "".join(f" {word}" for word in words_of(_searched(evidence, facts)))


def keep_words(conn: sa.Connection, repo: Repository, words: str) -> None:
    """Let the repository be found by these words and no others."""
    own = repository_texts.c.repo_id == repo.id
    kept = conn.execute(sa.select(repository_texts.c.words).where(own)).scalar_one_or_none()
    if kept is None:
        conn.execute(repository_texts.insert().values(repo_id=repo.id, words=words))
    elif kept != words:  # most commits change no word
        conn.execute(repository_texts.update().where(own).values(words=words))


def _searched(evidence: Evidence, facts: Facts) -> Iterator[str]:
    for field in _FIELDS:
        yield from (text[:_MAX_FIELD_CHARS] for text in texts(evidence.metadata.get(field)))
    yield from _of_config(facts.config or {})
    yield from facts.tags
    yield evidence.body[:MAX_PROSE_CHARS]


def _of_config(config: dict[str, Any]) -> Iterator[str]:
    yield from texts(config.get("model_type"))
    yield from texts(config.get("architectures"))
