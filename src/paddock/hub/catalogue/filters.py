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

from paddock.errors import BadInput, shown
from paddock.hub import names
from paddock.hub.people.accounts import is_askable
from paddock.hub.tables import accounts, repositories, repository_tags
from paddock.hub.types import Kind

MAX_SEARCH_CHARS = 300
MAX_CONDITIONS = 30
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
    search: tuple[str, ...] = ()
    author: str | None = None
    terms: tuple[str, ...] = ()  # of the index of tags
    gated: bool | None = None
    parameters: tuple[int, int] | None = None  # at least, at most
    served: bool = False  # by somebody who runs models: nobody does here


class Filter(NamedTuple):
    """A condition on ``repositories``, and the ids of what passes it where an index knows them."""

    condition: sa.ColumnElement[bool]
    ids: sa.Select[Any] | None


def filters(conn: sa.Connection, wanted: Wanted) -> list[Filter] | None:
    """Everything that is wanted, or None when no repository can have it all. Raises BadInput."""
    words = [word for text in wanted.search for word in text.lower().split()]
    if len(words) + len(wanted.terms) > MAX_CONDITIONS:
        raise BadInput(f"a listing takes at most {MAX_CONDITIONS} search words and filters")
    if not all(is_askable(word) and len(word) <= MAX_SEARCH_CHARS for word in words):
        return None
    if wanted.served or any("\0" in term for term in wanted.terms):
        return None
    found = [*_by_name(conn, words), *map(_by_term, wanted.terms)]
    if wanted.author is not None:
        namespace_id = _namespace_id(conn, wanted.author)
        if namespace_id is None:
            return None
        found.append(by_column(wanted.kind, repositories.c.namespace_id == namespace_id))
    if wanted.gated is not None:
        gated = repositories.c.gated.is_not(None)
        found.append(
            by_column(wanted.kind, gated) if wanted.gated else Filter(sa.not_(gated), None)
        )
    if wanted.parameters is not None:
        between = repositories.c.parameters.between(*wanted.parameters)
        found.append(by_column(wanted.kind, between))
    return found


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
    is_sqlite = conn.dialect.name == "sqlite"
    for word in words:
        # Not LIKE: whoever walks through an order must not be led astray by another index.
        position = sa.func.instr if is_sqlite else sa.func.strpos
        condition = position(repositories.c.key, word) > 0
        if len(word) < INDEXED_CHARS:
            yield Filter(condition, None)
        elif is_sqlite:
            phrase = '"' + word.replace('"', '""') + '"'
            table = sa.table("repository_search", sa.column("rowid"))
            match = sa.text("repository_search MATCH :phrase").bindparams(phrase=phrase)
            yield Filter(condition, sa.select(table.c.rowid).where(match))
        else:
            like = repositories.c.key.contains(word, autoescape=True)
            yield Filter(condition, sa.select(repositories.c.id).where(like))


def _by_term(term: str) -> Filter:
    tags = repository_tags.c
    # A value and no EXISTS: a planner must not make a join of it, whose order it would then choose.
    has = (
        sa.select(sa.literal(1))
        .where(tags.repo_id == repositories.c.id, tags.tag == term)
        .correlate(repositories)
        .scalar_subquery()
    )
    return Filter(has == 1, sa.select(tags.repo_id).where(tags.tag == term))


def _namespace_id(conn: sa.Connection, author: str) -> int | None:
    if not is_askable(author):
        return None
    query = sa.select(accounts.c.id).where(accounts.c.key == names.account_key(author))
    return conn.execute(query).scalar_one_or_none()
