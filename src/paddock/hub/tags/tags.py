"""Which tags are in use, by type: as last counted, with those of what has changed since.

Counting everything is a periodic job's (``tags.counting``). New tags are seen at once all the same,
and a repository that goes from view takes its tags along at that moment. Private ones are never
looked at: the stock client asks without a token.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from paddock.hub.tables import repositories, repository_tags
from paddock.hub.tags.names import TYPES, NamedTag, name_tag
from paddock.hub.tags.tables import tag_counting, tag_counts
from paddock.hub.types import Kind, Repository
from paddock.storage.sql import insert_ignore

MOST_OF_A_TYPE = 1000
MOST_RECENT = 500  # repositories that changed since, looked at for each answer
_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
_OVERLAP = timedelta(minutes=1)  # a transaction may end a while after the time it noted


def tags_by_type(conn: sa.Connection, kind: Kind) -> dict[str, list[dict[str, str]]]:
    """Every type's tags with their labels, the most frequent first."""
    found: dict[str, dict[str, int]] = {type_: {} for type_ in TYPES[kind]}
    c = tag_counts.c
    counted = sa.select(c.type, c.tag, c.repositories).where(c.kind == kind, c.repositories > 0)
    for row in conn.execute(counted.order_by(c.repositories.desc(), c.tag)):
        found.setdefault(row.type, {})[row.tag] = row.repositories
    for tag, count in recent_tags(conn, kind).most_common():
        named = name_tag(kind, tag)
        if named is not None and len(found[named.type]) < 2 * MOST_OF_A_TYPE:
            found[named.type].setdefault(tag, count)
    return {
        type_: [_render(kind, tag) for tag in sorted(tags, key=lambda tag: (-tags[tag], tag))]
        for type_, tags in found.items()
    }


def forget_tags(conn: sa.Connection, repo: Repository) -> None:
    """A repository goes from view: if it was public, its tags count one less."""
    if not repo.is_private:
        _change_counts(conn, repo, -1)


def show_tags(conn: sa.Connection, repo: Repository) -> None:
    """A private repository becomes public: its tags count one more."""
    held = _change_counts(conn, repo, 1)
    if held is None:
        return
    for tag in _tags_of(conn, repo):
        named = name_tag(repo.kind, tag)
        if named is not None and tag not in held:
            row = {"kind": repo.kind, "tag": tag, "type": named.type, "repositories": 1}
            insert_ignore(conn, tag_counts, [row])


def _change_counts(conn: sa.Connection, repo: Repository, by: int) -> set[str] | None:
    """The tags that were counted, or None where the repository is newer than the count."""
    if repo.updated_at > _counted_at(conn, repo.kind):
        return None
    own = sa.and_(tag_counts.c.kind == repo.kind, tag_counts.c.tag.in_(_tags_of(conn, repo)))
    held = sa.select(tag_counts.c.tag).where(own).order_by(tag_counts.c.tag)
    # In one order, so that two of these never wait in a circle.
    found = set(conn.execute(held.with_for_update()).scalars())
    change = tag_counts.update().where(own)
    conn.execute(change.values(repositories=tag_counts.c.repositories + by))
    return found


def _tags_of(conn: sa.Connection, repo: Repository) -> list[str]:
    query = sa.select(repository_tags.c.tag).where(repository_tags.c.repo_id == repo.id)
    return list(conn.execute(query.order_by(repository_tags.c.tag)).scalars())


def recent_tags(
    conn: sa.Connection, kind: Kind, column: sa.Column[str] = repository_tags.c.tag
) -> Counter[str]:
    """The tags of the public repositories that changed since the last count, the latest first.

    ``column`` may name another table of what repositories have.
    """
    c = repositories.c
    since = _counted_at(conn, kind) - _OVERLAP
    latest = (
        sa.select(c.id)
        .where(c.kind == kind, c.is_private.is_(False), c.updated_at > since)
        .order_by(c.updated_at.desc(), c.id.desc())
        .limit(MOST_RECENT)
        .subquery()
    )
    query = sa.select(column).join(latest, latest.c.id == column.table.c.repo_id)
    return Counter(conn.execute(query).scalars())


def _counted_at(conn: sa.Connection, kind: Kind) -> datetime:
    query = sa.select(tag_counting.c.counted_at).where(tag_counting.c.kind == kind)
    return conn.execute(query).scalar_one_or_none() or _LONG_AGO


def _render(kind: Kind, tag: str) -> dict[str, str]:
    type_, label = name_tag(kind, tag) or NamedTag("other", tag)
    return {"id": tag, "label": label, "type": type_}
