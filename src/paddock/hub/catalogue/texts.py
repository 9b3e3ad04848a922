"""The words by which a repository is found: of its name, its tags and its card's text.

Knows which texts count, how much of them, and the row that keeps their words; the rows' triggers
and indices do the rest (``tables``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from paddock.hub.catalogue.card import texts
from paddock.hub.catalogue.derived import Evidence, Facts
from paddock.hub.catalogue.tables import repository_texts
from paddock.hub.catalogue.words import words_of
from paddock.hub.tables import repositories
from paddock.hub.types import Kind, Repository

MAX_PROSE_CHARS = 4096
_MAX_FIELD_CHARS = 500
_IN_NAMES = "/._-"
_NOT_A_WORD = re.compile(f"[{re.escape(_IN_NAMES)}]")
_FIELDS = ("title", "pretty_name", "summary", "description", "short_description", "model_name")


def searched_words(evidence: Evidence, facts: Facts) -> str:
    """Every distinct word behind a space: titles and tags first, then the card's beginning."""
    return "".join(f" {word}" for word in words_of(_searched(evidence, facts)))


def keep_words(conn: sa.Connection, repo: Repository, words: str) -> None:
    """Let the repository be found by its name, these words and no others."""
    own = repository_texts.c.repo_id == repo.id
    head = f" {kind_word(repo.kind)}{_NOT_A_WORD.sub(' ', ' ' + repo.full_name.lower())}"
    c = repository_texts.c
    kept = conn.execute(sa.select(c.head, c.words).where(own)).one_or_none()
    if kept is None:
        row = {"repo_id": repo.id, "head": head, "words": words}
        conn.execute(repository_texts.insert().values(row))
    elif tuple(kept) != (head, words):  # most commits change no word
        conn.execute(repository_texts.update().where(own).values(head=head, words=words))


def rename(conn: sa.Connection, renamed: sa.ColumnElement[bool]) -> None:
    """Let repositories that have another name now, as a condition says, be found by that."""
    # As ``keep_words`` cuts them, by the database: a namespace can have very many.
    words = sa.literal(" ").concat(repositories.c.key)
    for sign in _IN_NAMES:
        words = sa.func.replace(words, sign, " ")
    head = sa.literal(" _").concat(repositories.c.kind).concat(words)
    own = repositories.c.id == repository_texts.c.repo_id
    conn.execute(
        repository_texts.update()
        .where(repository_texts.c.repo_id.in_(sa.select(repositories.c.id).where(renamed)))
        .values(head=sa.select(head).where(own).scalar_subquery())
    )


def kind_word(kind: Kind) -> str:
    """A word that no text has, since "_" ends every word there."""
    return f"_{kind}"


def _searched(evidence: Evidence, facts: Facts) -> Iterator[str]:
    for field in _FIELDS:
        yield from (text[:_MAX_FIELD_CHARS] for text in texts(evidence.metadata.get(field)))
    yield from _of_config(facts.config or {})
    yield from facts.tags
    yield evidence.body[:MAX_PROSE_CHARS]


def _of_config(config: dict[str, Any]) -> Iterator[str]:
    yield from texts(config.get("model_type"))
    yield from texts(config.get("architectures"))
