"""What listings can be narrowed by, and how many public repositories each choice has, as counted.

Knows which choices there are for each kind, and in which index each is found. Counts come from the
job that counts tags and terms, so they cost the same however many repositories there are; a choice
that is new since then is there, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from paddock.hub.catalogue import terms
from paddock.hub.catalogue.tables import repository_terms, term_counts
from paddock.hub.tags.names import name_tag
from paddock.hub.tags.tables import tag_counts
from paddock.hub.tags.tags import recent_tags
from paddock.hub.types import Kind
from paddock.storage.database import Database

MAX_CHOICES = 40
_FRESH_SECONDS: Final = 30.0


class Facet(NamedTuple):
    """One thing to choose by: of a type of tags, or of terms."""

    key: str  # as addresses name it
    label: str
    type: str
    is_tag: bool

    def term(self, value: str, kind: Kind) -> str:
        """What the index holds for a choice."""
        if not self.is_tag:
            return f"{self.type}:{value}"
        is_plain = kind is not Kind.DATASET and self.type in {"pipeline_tag", "library", "language"}
        return value if is_plain or self.type in {"sdk", "other"} else f"{self.type}:{value}"

    def value(self, term: str, kind: Kind) -> str:
        """The choice of a term of this facet's index."""
        return term.removeprefix(self.term("", kind))


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that repositories have, and how many public ones had it when they were counted."""

    value: str
    label: str
    repositories: int


_LANGUAGE = Facet("language", "Language", "language", is_tag=True)
_LICENCE = Facet("license", "Licence", "license", is_tag=True)
_FORMAT = Facet("format", "Format", terms.FORMAT, is_tag=False)

FACETS: Final[dict[Kind, tuple[Facet, ...]]] = {
    Kind.MODEL: (
        Facet("pipeline_tag", "Task", "pipeline_tag", is_tag=True),
        Facet("family", "Family", terms.FAMILY, is_tag=False),
        _LICENCE,
        Facet("openness", "Openness, as releases state it", terms.OPENNESS, is_tag=False),
        Facet("gate", "Release gate, as releases state it", terms.GATE, is_tag=False),
        Facet("evaluation", "Evaluation, as releases state it", terms.EVALUATION, is_tag=False),
        _LANGUAGE,
        _FORMAT,
        Facet("library", "Library", "library", is_tag=True),
        Facet("architecture", "Architecture", terms.ARCHITECTURE, is_tag=False),
    ),
    Kind.DATASET: (
        Facet("task_categories", "Task", "task_categories", is_tag=True),
        Facet("size_categories", "Rows", "size_categories", is_tag=True),
        _LICENCE,
        _LANGUAGE,
        _FORMAT,
    ),
    Kind.SPACE: (Facet("sdk", "Made with", "sdk", is_tag=True), _LICENCE),
    Kind.KERNEL: (_LICENCE,),
}
# How the choices of some terms are called; of others, as they are.
LABELS: Final[dict[str, dict[str, str]]] = {
    terms.OPENNESS: {
        "1": "Class I: open science",
        "2": "Class II: open tooling",
        "3": "Class III: open model",
        "0": "In no class",
    },
    terms.GATE: {
        "passed": "Every condition met",
        "waived": "Passed with waivers",
        "unmet": "Conditions not met",
        "none": "No release",
    },
    terms.EVALUATION: {
        "results": "Results with intervals",
        "audit": "Safety, privacy or bias judged",
    },
}


class Choices(NamedTuple):
    """Every facet of a kind with its choices, the most frequent first, and all there are."""

    by_facet: dict[str, list[Choice]]
    total: int | None  # None: nobody has counted yet


_known: WeakKeyDictionary[Database, dict[Kind, tuple[float, Choices]]] = WeakKeyDictionary()


def choices_of(database: Database, kind: Kind) -> Choices:
    """The choices as last counted; may be half a minute older than that."""
    kept = _known.setdefault(database, {})
    found = kept.get(kind)
    if found is None or time.monotonic() - found[0] > _FRESH_SECONDS:
        with database.read() as conn:
            found = (time.monotonic(), read_choices(conn, kind))
        kept[kind] = found
    return found[1]


def read_choices(conn: sa.Connection, kind: Kind) -> Choices:
    """The same from the rows; what is newer than the count is looked at, as far as it is little."""
    t = term_counts.c
    counted = conn.execute(sa.select(t.term, t.repositories).where(t.kind == kind)).all()
    numbers = {facet.key: _tags(conn, kind, facet) for facet in FACETS[kind]}
    rows = [(term, number) for term, number in counted if term]
    for facet, term, number in _by_facet(kind, rows, is_tag=False):
        numbers[facet.key][term] = number
    new_tags, new_terms = recent_tags(conn, kind), recent_tags(conn, kind, repository_terms.c.term)
    for is_tag, recent in ((True, new_tags), (False, new_terms)):
        for facet, term, number in _by_facet(kind, recent.items(), is_tag=is_tag):
            numbers[facet.key].setdefault(term, number)
    by_facet = {facet.key: _choices(facet, kind, numbers[facet.key]) for facet in FACETS[kind]}
    return Choices(by_facet, next((number for term, number in counted if not term), None))


def _by_facet(
    kind: Kind, counted: Iterable[tuple[str, int]], *, is_tag: bool
) -> Iterator[tuple[Facet, str, int]]:
    """Tags, or terms, that are choices of a facet of this kind."""
    by_type = {facet.type: facet for facet in FACETS[kind] if facet.is_tag is is_tag}
    for term, number in counted:
        named = name_tag(kind, term) if is_tag else None
        facet = by_type.get(named.type if named else "" if is_tag else term.partition(":")[0])
        if facet is not None:
            yield facet, term, number


def _choices(facet: Facet, kind: Kind, numbers: dict[str, int]) -> list[Choice]:
    most = sorted(numbers.items(), key=lambda row: (-row[1], row[0]))[:MAX_CHOICES]
    values = [(facet.value(term, kind), number) for term, number in most]
    return [Choice(value, label_of(facet, value, kind), number) for value, number in values]


def label_of(facet: Facet, value: str, kind: Kind) -> str:
    """How a choice is called."""
    if not facet.is_tag:
        return LABELS.get(facet.type, {}).get(value, value)
    named = name_tag(kind, facet.term(value, kind))
    return named.label if named is not None else value


def _tags(conn: sa.Connection, kind: Kind, facet: Facet) -> dict[str, int]:
    c = tag_counts.c
    query = (
        sa.select(c.tag, c.repositories)
        .where(c.kind == kind, c.type == facet.type, c.repositories > 0)
        .order_by(c.repositories.desc(), c.tag)
        .limit(MAX_CHOICES)
    )
    return {tag: number for tag, number in conn.execute(query)} if facet.is_tag else {}
