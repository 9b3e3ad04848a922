"""The periodic job that counts how many public repositories have each tag and each term.

It reads every one there is, which takes its time, and keeps the most frequent of each type.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.catalogue.tables import repository_terms, term_counts
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.tables import repositories, repository_tags
from paddock.hub.tags.names import NAMES_OF_ONE, NamedTag, name_tag
from paddock.hub.tags.tables import tag_counting, tag_counts
from paddock.hub.tags.tags import MOST_OF_A_TYPE
from paddock.hub.types import Kind
from paddock.storage.sql import in_chunks

COUNT_TAGS = "tags.count"
_ROWS_AT_ONCE = 500

every(1800)(COUNT_TAGS)


@handler(COUNT_TAGS)
def count_tags(hub: Hub, _payload: dict[str, Any]) -> None:
    """Count every kind's tags anew."""
    for kind in Kind:
        began = clock.now()
        with hub.database.read() as conn:
            counted = _count(conn, kind)
            terms = _count_terms(conn, kind)
        with hub.database.write() as conn:
            _replace(conn, kind, counted, began)
            _replace_terms(conn, kind, terms)


def _count(conn: sa.Connection, kind: Kind) -> list[tuple[str, NamedTag, int]]:
    tag = repository_tags.c.tag
    number = sa.func.count()
    query = (
        sa.select(tag, number)
        .join(repositories, repositories.c.id == repository_tags.c.repo_id)
        .where(repositories.c.kind == kind, repositories.c.is_private.is_(False))
        .where(*(tag.not_like(f"{name}:%") for name in NAMES_OF_ONE))
        .group_by(tag)
        .order_by(number.desc(), tag)
    )
    kept: Counter[str] = Counter()
    counted = []
    for text, count in conn.execute(query):
        named = name_tag(kind, text)
        if named is not None and kept[named.type] < MOST_OF_A_TYPE:
            kept[named.type] += 1
            counted.append((text, named, count))
    return counted


def _count_terms(conn: sa.Connection, kind: Kind) -> list[tuple[str, int]]:
    """The most frequent terms of each type, and all repositories under the empty one."""
    public = sa.and_(repositories.c.kind == kind, repositories.c.is_private.is_(False))
    total = conn.execute(sa.select(sa.func.count()).select_from(repositories).where(public))
    term, number = repository_terms.c.term, sa.func.count()
    query = (
        sa.select(term, number)
        .join(repositories, repositories.c.id == repository_terms.c.repo_id)
        .where(public)
        .group_by(term)
        .order_by(number.desc(), term)
    )
    kept: Counter[str] = Counter()
    counted = [("", int(total.scalar_one()))]
    for text, count in conn.execute(query):
        type_ = text.partition(":")[0]
        if kept[type_] < MOST_OF_A_TYPE:
            kept[type_] += 1
            counted.append((text, count))
    return counted


def _replace_terms(conn: sa.Connection, kind: Kind, counted: list[tuple[str, int]]) -> None:
    conn.execute(term_counts.delete().where(term_counts.c.kind == kind))
    for some in in_chunks(counted, _ROWS_AT_ONCE):
        rows = [{"kind": kind, "term": term, "repositories": number} for term, number in some]
        conn.execute(term_counts.insert(), rows)


def _replace(
    conn: sa.Connection, kind: Kind, counted: list[tuple[str, NamedTag, int]], began: datetime
) -> None:
    conn.execute(tag_counting.delete().where(tag_counting.c.kind == kind))
    conn.execute(tag_counting.insert().values(kind=kind, counted_at=began))
    conn.execute(tag_counts.delete().where(tag_counts.c.kind == kind))
    for some in in_chunks(counted, _ROWS_AT_ONCE):
        rows = [
            {"kind": kind, "tag": tag, "type": named.type, "repositories": count}
            for tag, named, count in some
        ]
        conn.execute(tag_counts.insert(), rows)
