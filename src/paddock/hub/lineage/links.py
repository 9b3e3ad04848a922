"""One step of lineage for many models at once: what they came from, and what came from them.

Knows rows; reads no files, and a number of statements that does not grow with the models. Who may
see a child is decided here; a parent's name stands in the child's own card.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.lineage.nodes import RELATIONS, Link
from paddock.hub.releases.tables import release_ancestors
from paddock.hub.tables import repositories, repository_tags
from paddock.hub.types import Caller, Kind

MAX_LOOKED_AT = 1000
_tag = repository_tags.c
_signed = release_ancestors.c


class Named(NamedTuple):
    """A model of this hub."""

    id: int
    name: str


def parents_of(conn: sa.Connection, models: Sequence[Named]) -> list[Link]:
    """What each of them came from, as its card and its release say."""
    names = {model.id: model.name for model in models}
    declared = (
        sa.select(_tag.repo_id, _tag.tag)
        .where(
            _tag.repo_id.in_(names), _tag.tag >= "base_model:", _tag.tag < "base_model;"
        )
        .order_by(_tag.repo_id, _tag.tag)
        .limit(MAX_LOOKED_AT)
    )  # fmt: skip
    links = []
    for repo_id, tag in conn.execute(declared):
        _, _, rest = tag.partition(":")
        relation, _, parent = rest.partition(":")
        if relation in RELATIONS and parent:
            links.append(Link(parent, names[repo_id], relation, is_declared=True))
    signed = (
        sa.select(_signed.repo_id, _signed.name, _signed.edges)
        .where(_signed.repo_id.in_(names), _signed.is_near)
        .order_by(_signed.repo_id, _signed.key)
        .limit(MAX_LOOKED_AT)
    )
    for repo_id, name, edge in conn.execute(signed):
        links.append(Link(name, names[repo_id], edge, is_signed=True))
    return merged(links)


def children_of(conn: sa.Connection, caller: Caller, names: Sequence[str]) -> list[Link]:
    """What came from the models of these names, as far as the caller may see it."""
    tags = {
        f"base_model:{relation}:{name}": (name, relation)
        for name in names
        for relation in RELATIONS
    }
    # The index of tags first, by itself: a base that everybody uses is looked at so far.
    found = sa.select(_tag.repo_id, _tag.tag).where(_tag.tag.in_(tags)).limit(MAX_LOOKED_AT)
    hits = found.subquery()
    declared = (
        sa.select(hits.c.tag, repositories.c.full_name, repositories.c.downloads)
        .join(repositories, repositories.c.id == hits.c.repo_id)
        .where(repositories.c.kind == Kind.MODEL, access.visible_to(caller))
    )
    links = []
    for tag, child, downloads in conn.execute(declared):
        name, relation = tags[tag]
        links.append(Link(name, child, relation, is_declared=True, downloads=downloads))
    spelled = {name.lower(): name for name in names}
    signed = (
        sa.select(_signed.key, _signed.edges, repositories.c.full_name, repositories.c.downloads)
        .join(repositories, repositories.c.id == _signed.repo_id)
        .where(_signed.key.in_(spelled), _signed.is_near, access.visible_to(caller))
        .limit(MAX_LOOKED_AT)
    )
    for key, edge, child, downloads in conn.execute(signed):
        links.append(Link(spelled[key], child, edge, is_signed=True, downloads=downloads))
    return merged(links)


def merged(links: Iterable[Link]) -> list[Link]:
    """One link for each pair; where card and release name different relations, the signed one."""
    found: dict[tuple[str, str], Link] = {}
    for link in links:
        key = (link.parent.lower(), link.child.lower())
        other = found.get(key)
        if other is None:
            found[key] = link
            continue
        relation = link.relation if link.is_signed else other.relation
        found[key] = Link(
            other.parent,
            other.child,
            relation,
            is_declared=link.is_declared or other.is_declared,
            is_signed=link.is_signed or other.is_signed,
            downloads=max(link.downloads, other.downloads),
        )
    return list(found.values())
