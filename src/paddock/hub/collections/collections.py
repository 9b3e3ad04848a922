"""Collections themselves: who sees them, made, changed, put in order, upvoted, deleted.

A private collection does not exist for those who are not its owner or a member of it. Its titles
are unique for an owner, in any case. Whoever changes one holds its owner's order (``order``), so
positions stay dense; upvotes are counted in the transaction that gives one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from paddock import clock
from paddock.errors import BadInput, Conflict, Forbidden, shown
from paddock.hub import access
from paddock.hub.collections import order
from paddock.hub.collections.reach import may_change, may_collect, visible_to
from paddock.hub.collections.slugs import CollectionNotFound, make_slug, parse_slug
from paddock.hub.collections.tables import collection_upvotes, collections
from paddock.hub.groups.groups import get_group
from paddock.hub.people import accounts as people
from paddock.hub.tables import accounts
from paddock.hub.texts import check_line, check_lines
from paddock.hub.types import Account, Caller
from paddock.storage.sql import in_chunks, insert_ignore

THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")
MAX_TITLE_CHARS = 120
MAX_DESCRIPTION_CHARS = 150  # the client's own words
MAX_PER_OWNER = 10_000

# Collections with their owners.
SELECT = sa.select(collections, accounts).join(accounts, accounts.c.id == collections.c.owner_id)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection's row, with its owner."""

    id: int
    public_id: str
    owner: Account
    creator_id: int | None
    title: str
    description: str | None
    is_private: bool
    theme: str
    position: int
    upvotes: int
    updated_at: datetime

    @property
    def slug(self) -> str:
        return make_slug(self.owner.name, self.title, self.public_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a collection shall be; None leaves it as it is, or as new ones are."""

    title: str | None = None
    description: str | None = None
    is_private: bool | None = None
    theme: str | None = None
    position: int | None = None


class CollectionExists(Conflict):
    """The owner has a collection of this title; ``slug`` leads to it (``exists_ok``)."""

    code = "collection_exists"

    def __init__(self, message: str, *, slug: str) -> None:
        super().__init__(message)
        self.slug = slug


def find_collection(conn: sa.Connection, caller: Caller, slug: str) -> Collection:
    """The collection, if this caller may see it; raises CollectionNotFound."""
    query = SELECT.where(collections.c.public_id == parse_slug(slug), visible_to(caller))
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise CollectionNotFound(f"there is no collection {shown(slug)}")
    return to_collection(row)


def open_to_change(conn: sa.Connection, caller: Caller, slug: str) -> Collection:
    """The collection, which nobody else changes until the transaction ends.

    Raises CollectionNotFound, Unauthorized or Forbidden.
    """
    found = find_collection(conn, caller, slug)
    access.require_writing_token(caller)
    if not may_change(conn, caller, found.owner, found.creator_id):
        raise Forbidden(f"you may not change {found.slug}", hint="ask its owner")
    order.hold(conn, found.owner)  # first, as everybody does: nobody waits in a circle
    row = sa.select(collections.c.id).where(collections.c.id == found.id)
    conn.execute(row.with_for_update())
    return find_collection(conn, caller, slug)


def create_collection(
    conn: sa.Connection, caller: Caller, namespace: str | None, wanted: Wanted
) -> Collection:
    """A new collection, the last of its owner's; raises CollectionExists, among others."""
    creator = access.require_writing_token(caller)
    owner = creator if namespace is None else people.get_account(conn, namespace)
    if not may_collect(conn, caller, owner):
        raise Forbidden(f"you may not create a collection for {owner.name}")
    title = _title(wanted.title or "")
    order.hold(conn, owner)
    position = order.count(conn, owner)
    if position >= MAX_PER_OWNER:
        raise BadInput(f"{owner.name} has {position} collections", hint="delete one of them first")
    moment = clock.now()
    values = {
        **_values(wanted),
        "public_id": people.new_public_id(),
        "owner_id": owner.id,
        "creator_id": creator.id,
        "is_private": bool(wanted.is_private),
        "theme": wanted.theme or THEMES[0],
        "position": position,
        "created_at": moment,
        "updated_at": moment,
    }
    try:
        with conn.begin_nested():
            made = conn.execute(collections.insert().values(**values).returning(collections.c.id))
            made_id = made.scalar_one()
    except IntegrityError as e:
        raise _exists(conn, owner, title) from e
    return collections_by_id(conn, [made_id])[made_id]


def change_collection(conn: sa.Connection, collection: Collection, wanted: Wanted) -> Collection:
    """Apply the changes; whoever calls has opened the collection to change it."""
    values = _values(wanted)
    row = collections.update().where(collections.c.id == collection.id)
    try:
        with conn.begin_nested():
            conn.execute(row.values(**values, updated_at=clock.now()))
    except IntegrityError as e:
        raise _exists(conn, collection.owner, wanted.title or "") from e
    if wanted.position is not None:
        order.move(conn, collection.owner, collection.id, wanted.position)
    return collections_by_id(conn, [collection.id])[collection.id]


def delete_collection(conn: sa.Connection, collection: Collection) -> None:
    """Forget a collection that was opened to change it; those behind it move up."""
    conn.execute(collections.delete().where(collections.c.id == collection.id))
    order.close_gaps(conn, collection.owner)


def touch(conn: sa.Connection, collection: Collection) -> None:
    """Its contents changed just now."""
    row = collections.update().where(collections.c.id == collection.id)
    conn.execute(row.values(updated_at=clock.now()))


def set_resource_group(conn: sa.Connection, collection: Collection, group_id: str | None) -> None:
    """Put a collection into a resource group of its organisation, or into none.

    Raises BadInput or GroupNotFound.
    """
    if group_id is not None and collection.owner.kind != "org":
        raise BadInput(f"{collection.slug} is not an organization's: it has no resource groups")
    if group_id is not None:
        get_group(conn, collection.owner, group_id)
    row = collections.update().where(collections.c.id == collection.id)
    conn.execute(row.values(resource_group_id=group_id))


def upvote(conn: sa.Connection, collection: Collection, user: Account, *, wanted: bool) -> int:
    """Give an upvote or take it back; the answer is how many there are."""
    row = sa.select(collections.c.upvotes).where(collections.c.id == collection.id)
    count = int(conn.execute(row.with_for_update(key_share=True)).scalar_one())
    vote = {"collection_id": collection.id, "user_id": user.id, "created_at": clock.now()}
    if has_upvoted(conn, collection, user) is wanted:
        return count
    if wanted:
        insert_ignore(conn, collection_upvotes, [vote])
    else:
        conn.execute(collection_upvotes.delete().where(*_vote_of(collection, user)))
    count += 1 if wanted else -1
    conn.execute(
        collections.update().where(collections.c.id == collection.id).values(upvotes=count)
    )
    return count


def has_upvoted(conn: sa.Connection, collection: Collection, user: Account) -> bool:
    """Whether the user has given an upvote that they did not take back."""
    query = sa.select(collection_upvotes.c.user_id).where(*_vote_of(collection, user))
    return conn.execute(query).first() is not None


def forget_upvotes_of(conn: sa.Connection, user: Account) -> None:
    """Take back every upvote of a user, before they go: the counts stay true."""
    c = collection_upvotes.c
    mine = sa.select(c.collection_id).where(c.user_id == user.id)
    held = sa.select(collections.c.id).where(collections.c.id.in_(mine))
    conn.execute(held.order_by(collections.c.id).with_for_update())
    row = collections.update().where(collections.c.id.in_(mine))
    conn.execute(row.values(upvotes=collections.c.upvotes - 1))
    conn.execute(collection_upvotes.delete().where(c.user_id == user.id))


def collections_by_id(conn: sa.Connection, ids: Sequence[int]) -> dict[int, Collection]:
    """The collections of rows' foreign keys."""
    found: dict[int, Collection] = {}
    for some in in_chunks(ids):
        for row in conn.execute(SELECT.where(collections.c.id.in_(some))).mappings():
            found[row[collections.c.id]] = to_collection(row)
    return found


def to_collection(row: sa.RowMapping) -> Collection:
    """A collection from its row, joined with its owner's."""
    c = collections.c
    return Collection(
        id=row[c.id],
        public_id=row[c.public_id],
        owner=people.to_account(row),
        creator_id=row[c.creator_id],
        title=row[c.title],
        description=row[c.description],
        is_private=row[c.is_private],
        theme=row[c.theme],
        position=row[c.position],
        upvotes=row[c.upvotes],
        updated_at=row[c.updated_at],
    )


def _vote_of(collection: Collection, user: Account) -> tuple[sa.ColumnElement[bool], ...]:
    c = collection_upvotes.c
    return c.collection_id == collection.id, c.user_id == user.id


def _title(text: str) -> str:
    return check_line("the title", text, MAX_TITLE_CHARS, least=1)


def _values(wanted: Wanted) -> dict[str, Any]:
    """The columns that shall change; raises BadInput."""
    values: dict[str, Any] = {}
    if wanted.title is not None:
        title = _title(wanted.title)
        values |= {"title": title, "key": title.casefold()}
    if wanted.description is not None:
        text = check_lines("the description", wanted.description, MAX_DESCRIPTION_CHARS)
        values["description"] = text or None
    if wanted.theme is not None:
        if wanted.theme not in THEMES:
            hint = f"use one of {', '.join(THEMES)}"
            raise BadInput(f"{shown(wanted.theme)} is no theme of collections", hint=hint)
        values["theme"] = wanted.theme
    if wanted.is_private is not None:
        values["is_private"] = wanted.is_private
    return values


def _exists(conn: sa.Connection, owner: Account, title: str) -> CollectionExists:
    key = _title(title).casefold()
    query = SELECT.where(collections.c.owner_id == owner.id, collections.c.key == key)
    slug = to_collection(conn.execute(query).mappings().one()).slug
    return CollectionExists(
        f"{owner.name} already has a collection of this title: {slug}", slug=slug
    )
