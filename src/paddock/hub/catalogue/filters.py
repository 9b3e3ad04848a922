"""Filters of a listing: what a repository must have, and where an index names those that have it.

Knows what may be asked of the catalogue and the rows that answer; does not choose in which order
they are asked. A filter whose value no repository can have is known as such before any row is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from paddock.errors import BadInput, shown
from paddock.hub import names
from paddock.hub.catalogue.tables import AS_DOCUMENT, repository_terms, repository_texts
from paddock.hub.catalogue.texts import kind_word
from paddock.hub.catalogue.words import words_asked
from paddock.hub.people.accounts import is_askable
from paddock.hub.tables import accounts, repositories, repository_tags
from paddock.hub.types import Kind

MAX_SEARCH_CHARS = 300
MAX_CONDITIONS = 30
MAX_TEXT_WORDS = 8  # of what somebody types; the rest is not looked at
# A name is indexed by its pieces of three letters: shorter words are looked for as they come.
INDEXED_CHARS = 3

# Programs on one's own machine, and what a model must have for them.
APPS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("llama.cpp", "ollama", "lmstudio", "jan", "koboldcpp", "ramalama", "docker-model-runner",
         "node-llama-cpp", "jellybox", "msty", "recursechat", "sanctum", "localai", "cortexso",
         "backyard", "unsloth"), ("gguf",)),
    **dict.fromkeys(("vllm", "sglang", "tgi"), ("transformers", "text-generation")),
    **dict.fromkeys(("diffusionbee", "joyfusion", "draw-things", "invoke"), ("diffusers",)),
    "mlx-lm": ("mlx",),
}  # fmt: skip

_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([kmbt]?)", re.IGNORECASE)
_POWERS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What every repository of a listing must have."""

    kind: Kind
    search: tuple[str, ...] = ()  # in the name
    text: str = ""  # in the name, the tags and the card
    author: str | None = None
    terms: tuple[str, ...] = ()  # of the index of tags
    seen: tuple[str, ...] = ()  # of the index of what the hub read in the files (``terms``)
    gated: bool | None = None
    gate: str | None = None  # "auto", "manual"
    private: bool | None = None
    parameters: tuple[int, int] | None = None  # at least, at most
    served: bool = False  # by somebody who runs models: nobody does here


class Filter(NamedTuple):
    """A condition on ``repositories``, and the ids of what passes it where an index knows them."""

    condition: sa.ColumnElement[bool]
    ids: sa.Select[Any] | None
    # Where so much passes that to count it takes long, a sample says so before.
    is_sampled: bool = False


def filters(conn: sa.Connection, wanted: Wanted) -> list[Filter] | None:
    """Everything that is wanted, or None when no repository can have it all. Raises BadInput."""
    words = [word for text in wanted.search for word in text.lower().split()]
    terms = (*wanted.terms, *wanted.seen)
    if len(words) + len(terms) > MAX_CONDITIONS:
        raise BadInput(f"a listing takes at most {MAX_CONDITIONS} search words and filters")
    if not all(is_askable(word) and len(word) <= MAX_SEARCH_CHARS for word in words):
        return None
    if wanted.served or any("\0" in term for term in terms):
        return None
    typed = words_asked(wanted.text[:MAX_SEARCH_CHARS])[:MAX_TEXT_WORDS]
    if wanted.text.strip() and not typed:
        return None
    # In this order a row is looked at: what costs least to know comes first.
    found = [
        *_by_columns(wanted),
        *(_by_term(repository_tags.c.tag, term) for term in wanted.terms),
        *(_by_term(repository_terms.c.term, term) for term in wanted.seen),
        *_by_name(conn, words),
        *(_by_text(conn, wanted.kind, word) for word in typed),
    ]
    if wanted.author is not None:
        namespace_id = _namespace_id(conn, wanted.author)
        if namespace_id is None:
            return None
        found.insert(0, by_column(wanted.kind, repositories.c.namespace_id == namespace_id))
    return found


def _by_columns(wanted: Wanted) -> Iterator[Filter]:
    c = repositories.c
    if wanted.gated:
        yield by_column(wanted.kind, c.gated.is_not(None))
    elif wanted.gated is False:
        yield Filter(c.gated.is_(None), None)
    if wanted.gate is not None:
        yield by_column(wanted.kind, c.gated == wanted.gate)
    if wanted.parameters is not None:
        yield by_column(wanted.kind, c.parameters.between(*wanted.parameters))
    if wanted.private is not None:
        yield Filter(c.is_private if wanted.private else sa.not_(c.is_private), None)


def by_column(kind: Kind, condition: sa.ColumnElement[bool]) -> Filter:
    """A condition on columns that have an index of their own, within a kind."""
    ids = sa.select(repositories.c.id).where(repositories.c.kind == kind, condition)
    return Filter(condition, ids)


def parse_parameters(text: str) -> tuple[int, int]:
    """``min:6B,max:128B`` as numbers, either of them optional; raises BadInput."""
    ends = {"min": 0, "max": 2**63 - 1}
    for part in text.split(","):
        end, _, value = part.strip().partition(":")
        match = _NUMBER.fullmatch(value.strip())
        if end not in ends or match is None:
            raise BadInput(
                f"num_parameters must be like min:6B,max:128B, not {shown(text)}",
                hint="name at least one of min and max",
            )
        number = float(match[1]) * _POWERS[match[2].lower()]
        ends[end] = min(int(number), 2**63 - 1)
    return ends["min"], ends["max"]


def needs_of_app(app: str) -> tuple[str, ...]:
    """The tags that a model must have for a program; of an unknown program, a tag of its name."""
    return APPS.get(app.lower(), (app,))


def _by_name(conn: sa.Connection, words: Sequence[str]) -> Iterator[Filter]:
    for word in words:
        yield Filter(_in_name(conn, word), _ids_by_name(conn, word))


def _in_name(conn: sa.Connection, word: str) -> sa.ColumnElement[bool]:
    # Not LIKE: whoever walks through an order must not be led astray by another index.
    found: sa.ColumnElement[bool] = _position(conn)(repositories.c.key, word) > 0
    return found


def _ids_by_name(conn: sa.Connection, word: str) -> sa.Select[Any] | None:
    if len(word) < INDEXED_CHARS:
        return None
    if conn.dialect.name == "sqlite":
        return _matching("repository_search", '"' + word.replace('"', '""') + '"')
    like = repositories.c.key.contains(word, autoescape=True)
    return sa.select(repositories.c.id).where(like)


def _by_text(conn: sa.Connection, kind: Kind, word: str) -> Filter:
    """Beginnings of words, of the name or of the text."""
    position, kept, begun = _position(conn), repository_texts.c, f" {word}"
    has = (
        sa.select(sa.literal(1))
        .where(
            kept.repo_id == repositories.c.id,
            sa.or_(position(kept.head, begun) > 0, position(kept.words, begun) > 0),
        )
        .correlate(repositories)
        .scalar_subquery()
    )
    return Filter(has == 1, _ids_by_text(conn, kind, word), is_sampled=True)


def _ids_by_text(conn: sa.Connection, kind: Kind, word: str) -> sa.Select[Any]:
    if conn.dialect.name == "sqlite":
        return _matching("repository_search_texts", f'"{kind_word(kind)}" AND "{word}"*')
    query = sa.cast(f"'{kind_word(kind)}' & '{word}':*", TSQUERY)
    matches = sa.literal_column(AS_DOCUMENT).bool_op("@@")(query)
    return sa.select(repository_texts.c.repo_id).where(matches)


def _matching(table: str, phrase: str) -> sa.Select[Any]:
    """Rows of an index of SQLite's; what was typed stands in the phrase as letters alone."""
    match = sa.literal_column(table).bool_op("MATCH")(phrase)
    return sa.select(sa.table(table, sa.column("rowid")).c.rowid).where(match)


def _position(conn: sa.Connection) -> Any:
    return sa.func.instr if conn.dialect.name == "sqlite" else sa.func.strpos


def _by_term(column: sa.Column[str], term: str) -> Filter:
    repo_id = column.table.c.repo_id
    # A value and no EXISTS: a planner must not make a join of it, whose order it would then choose.
    has = (
        sa.select(sa.literal(1))
        .where(repo_id == repositories.c.id, column == term)
        .correlate(repositories)
        .scalar_subquery()
    )
    return Filter(has == 1, sa.select(repo_id).where(column == term))


def _namespace_id(conn: sa.Connection, author: str) -> int | None:
    if not is_askable(author):
        return None
    query = sa.select(accounts.c.id).where(accounts.c.key == names.account_key(author))
    return conn.execute(query).scalar_one_or_none()
