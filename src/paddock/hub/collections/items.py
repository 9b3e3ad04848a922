"""What is in a collection, in which order.

An item is a repository or another collection. Whoever asks is shown the items that they may see,
numbered from nought; the others keep their places unseen. Whoever changes a collection's items has
opened it to change it, so nobody else does at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import BadInput, NotFound, shown
from paddock.hub import access, lookup
from paddock.hub.collections.collections import (
    Collection,
    collections_by_id,
    find_collection,
    touch,
)
from paddock.hub.collections.reach import visible_to
from paddock.hub.collections.tables import collection_items, collections
from paddock.hub.errors import AlreadyExists, RepositoryMoved
from paddock.hub.names import parse_repository_name
from paddock.hub.people.accounts import new_public_id
from paddock.hub.tables import repositories
from paddock.hub.texts import check_lines
from paddock.hub.types import Caller, Kind, Need, Repository
from paddock.storage.sql import in_chunks

MAX_ITEMS = 1000
MAX_NOTE_CHARS = 500  # the client's own words
_REPOSITORY_TYPES = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Item:
    """An item as one caller sees it; ``target`` is what it leads to now."""

    public_id: str
    position: int
    note: str | None
    target: Repository | Collection


class Contents(NamedTuple):
    """The first items of a collection that somebody sees, and how many those are altogether."""

    items: list[Item]
    total: int


class ItemNotFound(NotFound):
    """The collection has no such item, or no longer."""

    code = "item_not_found"


def contents_of(
    conn: sa.Connection, caller: Caller, found: Sequence[Collection], *, most: int = MAX_ITEMS
) -> dict[int, Contents]:
    """The contents of each collection, by its id, as the caller sees them."""
    rows = _visible_rows(conn, caller, [collection.id for collection in found], most)
    repos = _repositories(conn, [row.repo_id for row in rows if row.repo_id is not None])
    nested = collections_by_id(conn, [row.nested_id for row in rows if row.nested_id is not None])
    contents = {collection.id: Contents([], 0) for collection in found}
    for row in rows:
        target = repos.get(row.repo_id) or nested[row.nested_id]
        items = contents[row.collection_id].items
        items.append(Item(row.public_id, row.place - 1, row.note, target))
        contents[row.collection_id] = Contents(items, row.total)
    return contents


def add_item(
    conn: sa.Connection,
    caller: Caller,
    collection: Collection,
    type_: str,
    target_id: str,
    note: str | None = None,
) -> None:
    """Put something at the end; raises AlreadyExists, or what keeps the caller from seeing it."""
    column, value = _target(conn, caller, type_, target_id)
    order = _order(conn, collection)
    c = collection_items.c
    if len(order) >= MAX_ITEMS:
        raise BadInput(f"{collection.slug} has {len(order)} items, the most there may be")
    same = sa.select(c.id).where(c.collection_id == collection.id, c[column] == value)
    if conn.execute(same).first() is not None:
        raise AlreadyExists(f"{type_} {target_id} is already in {collection.slug}")
    conn.execute(
        collection_items.insert().values(
            public_id=new_public_id(),
            collection_id=collection.id,
            position=1 + max((place for _, place in order), default=-1),
            note=_note(note),
            **{column: value},
        )
    )
    touch(conn, collection)


def change_item(
    conn: sa.Connection,
    caller: Caller,
    collection: Collection,
    item_id: str,
    *,
    note: str | None = None,
    position: int | None = None,
) -> None:
    """Another note, another place among the items that the caller sees; raises ItemNotFound."""
    row_id = _row_id(conn, collection, item_id)
    if note is not None:
        row = collection_items.update().where(collection_items.c.id == row_id)
        conn.execute(row.values(note=_note(note)))
    if position is not None:
        seen = [row.id for row in _visible_rows(conn, caller, [collection.id], MAX_ITEMS)]
        order = _order(conn, collection)
        _write_order(conn, order, _moved([id_ for id_, _ in order], seen, row_id, position))
    touch(conn, collection)


def remove_item(conn: sa.Connection, collection: Collection, item_id: str) -> None:
    """Take something out; those behind it move up. Raises ItemNotFound."""
    row_id = _row_id(conn, collection, item_id)
    conn.execute(collection_items.delete().where(collection_items.c.id == row_id))
    order = _order(conn, collection)
    _write_order(conn, order, [id_ for id_, _ in order])
    touch(conn, collection)


def _moved(order: list[int], seen: list[int], moved: int, position: int) -> list[int]:
    """The order after putting one at a position among those that are seen."""
    rest = [id_ for id_ in order if id_ != moved]
    others = [id_ for id_ in seen if id_ != moved]
    at = rest.index(others[position]) if position < len(others) else len(rest)
    return [*rest[:at], moved, *rest[at:]]


def _visible_rows(
    conn: sa.Connection, caller: Caller, ids: Sequence[int], most: int
) -> Sequence[sa.Row[tuple[int, int | None, int | None, str, str | None, int, int, int]]]:
    """Rows of items with their place among the visible ones, and how many of those there are."""
    items = collection_items
    nested = collections.alias("nested")
    within = items.c.collection_id
    places = sa.func.row_number().over(partition_by=within, order_by=(items.c.position, items.c.id))
    source = items.outerjoin(repositories, repositories.c.id == items.c.repo_id).outerjoin(
        nested, nested.c.id == items.c.nested_id
    )
    is_seen = sa.or_(
        sa.and_(items.c.repo_id.is_not(None), access.visible_to(caller)),
        sa.and_(items.c.nested_id.is_not(None), visible_to(caller, nested)),
    )
    numbered = (
        sa.select(
            items.c.collection_id,
            items.c.repo_id,
            items.c.nested_id,
            items.c.public_id,
            items.c.note,
            items.c.id,
            places.label("place"),
            sa.func.count().over(partition_by=within).label("total"),
        )
        .select_from(source)
        .where(items.c.collection_id.in_(ids), is_seen)
        .subquery()
    )
    query = sa.select(numbered).where(numbered.c.place <= most)
    return conn.execute(query.order_by(numbered.c.collection_id, numbered.c.place)).all()


def _repositories(conn: sa.Connection, ids: Sequence[int]) -> dict[int, Repository]:
    """Without their cards, which can be long; only of a space it is asked what they say."""
    c = repositories.c
    without = [column for column in c if column is not c.card]
    found: dict[int, Repository] = {}
    for some in in_chunks(ids):
        for columns, kinds in ((without, c.kind != Kind.SPACE), ([*c], c.kind == Kind.SPACE)):
            for row in conn.execute(sa.select(*columns).where(c.id.in_(some), kinds)).mappings():
                found[row[c.id]] = lookup.to_repository(row)
    return found


def _target(conn: sa.Connection, caller: Caller, type_: str, target_id: str) -> tuple[str, int]:
    """The column and the value that an item names its target by."""
    if type_ in _REPOSITORY_TYPES:
        return "repo_id", find_repository(conn, caller, Kind(type_), target_id).id
    if type_ == "collection":
        return "nested_id", find_collection(conn, caller, target_id).id
    raise BadInput(
        f"no {type_} can be put into a collection: this hub keeps none",
        hint="models, datasets, spaces and collections can",
    )


def find_repository(conn: sa.Connection, caller: Caller, kind: Kind, full_name: str) -> Repository:
    """What the caller may see under that name, or did before it was renamed."""
    name = parse_repository_name(kind, full_name)
    try:
        return access.open_repository(conn, caller, name, Need.METADATA)
    except RepositoryMoved as moved:
        now = parse_repository_name(kind, moved.new_full_name)
        return access.open_repository(conn, caller, now, Need.METADATA)


def _row_id(conn: sa.Connection, collection: Collection, item_id: str) -> int:
    c = collection_items.c
    found = None
    if item_id.isascii() and item_id.isalnum():
        query = sa.select(c.id).where(
            c.public_id == item_id.lower(), c.collection_id == collection.id
        )
        found = conn.execute(query).scalar_one_or_none()
    if found is None:
        raise ItemNotFound(f"{collection.slug} has no item {shown(item_id)}")
    return int(found)


def _note(text: str | None) -> str | None:
    return check_lines("the note", text or "", MAX_NOTE_CHARS) or None


def _order(conn: sa.Connection, collection: Collection) -> list[tuple[int, int]]:
    """Every item, seen or not, as they stand: row and position."""
    c = collection_items.c
    query = sa.select(c.id, c.position).where(c.collection_id == collection.id)
    return [(row.id, row.position) for row in conn.execute(query.order_by(c.position, c.id))]


def _write_order(conn: sa.Connection, old: list[tuple[int, int]], new: list[int]) -> None:
    before = dict(old)
    changed = [
        {"row_id": id_, "place": place} for place, id_ in enumerate(new) if before[id_] != place
    ]
    if changed:
        row = collection_items.update().where(collection_items.c.id == sa.bindparam("row_id"))
        conn.execute(row.values(position=sa.bindparam("place")), changed)
