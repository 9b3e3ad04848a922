"""What listings can be narrowed by, and how many public repositories each choice has, as counted.

Knows which choices there are for each kind, and in which index each is found. Counts come from the
job that counts tags and terms, so they cost the same however many repositories there are; what has
changed since is not in them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from paddock.hub.catalogue import terms
from paddock.hub.catalogue.tables import term_counts
from paddock.hub.tags.names import name_tag
from paddock.hub.tags.tables import tag_counts
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
    """The same from the rows."""
    t = term_counts.c
    rows = conn.execute(sa.select(t.term, t.repositories).where(t.kind == kind)).all()
    by_term = {term: number for term, number in rows}
    found = {}
    for facet in FACETS[kind]:
        if facet.is_tag:
            counted = _tags(conn, kind, facet)
        else:
            prefix = facet.term("", kind)
            counted = [(term, by_term[term]) for term in by_term if term.startswith(prefix)]
            counted = sorted(counted, key=lambda row: (-row[1], row[0]))[:MAX_CHOICES]
        found[facet.key] = [
            Choice(facet.value(term, kind), label_of(facet, facet.value(term, kind), kind), number)
            for term, number in counted
        ]
    return Choices(found, by_term.get(""))


def label_of(facet: Facet, value: str, kind: Kind) -> str:
    """How a choice is called."""
    if not facet.is_tag:
        return LABELS.get(facet.type, {}).get(value, value)
    named = name_tag(kind, facet.term(value, kind))
    return named.label if named is not None else value


def _tags(conn: sa.Connection, kind: Kind, facet: Facet) -> list[tuple[str, int]]:
    c = tag_counts.c
    query = (
        sa.select(c.tag, c.repositories)
        .where(c.kind == kind, c.type == facet.type, c.repositories > 0)
        .order_by(c.repositories.desc(), c.tag)
        .limit(MAX_CHOICES)
    )
    return [(tag, number) for tag, number in conn.execute(query)]
