"""Lists of collections: filtered, in an order, one page after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, NotFound, Unauthorized, shown
from paddock.hub import names
from paddock.hub.collections.collections import (
    SELECT,
    Collection,
    find_collection,
    to_collection,
)
from paddock.hub.collections.items import find_repository
from paddock.hub.collections.reach import visible_to
from paddock.hub.collections.tables import collection_items, collection_upvotes, collections
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people.accounts import is_askable
from paddock.hub.tables import accounts
from paddock.hub.types import Caller, Kind

TRENDING_FOR = timedelta(days=7)
MAX_CONDITIONS = 20
MAX_SEARCH_CHARS = 300
_SORTS = ("lastModified", "trending", "upvotes")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which collections, in what order; without a sort, as their owner has put them, or else the
    last changed first."""

    owners: tuple[str, ...] = ()
    items: tuple[str, ...] = ()  # "models/ns/name", "collections/owner/slug"
    search: str | None = None
    sort: str | None = None


def list_collections(
    conn: sa.Connection, caller: Caller, listing: Listing, part: Part
) -> Page[Collection]:
    """One page of what the caller may see; raises BadInput for a sort or cursor that is none."""
    query = SELECT.where(visible_to(caller), *_conditions(conn, caller, listing))
    return read_page(conn, query, _order(listing), part, to_collection)


def _order(listing: Listing) -> Order:
    c = collections.c
    if listing.sort is None and len(listing.owners) == 1:
        return Order((c.position, c.id), (int, int), descending=False)
    if listing.sort in {None, "lastModified"}:
        return Order((c.updated_at, c.id))
    if listing.sort == "upvotes":
        return Order((c.upvotes, c.id), (int, int))
    if listing.sort == "trending":
        votes = collection_upvotes.c
        recent = (
            sa.select(sa.func.count())
            .where(votes.collection_id == c.id, votes.created_at > clock.now() - TRENDING_FOR)
            .correlate(collections)
        )
        return Order((recent.scalar_subquery(), c.id), (int, int))
    choice = "|".join(f'"{name}"' for name in _SORTS)
    raise BadInput(f"Invalid sort {shown(listing.sort)}: expected one of {choice}")


def _conditions(
    conn: sa.Connection, caller: Caller, listing: Listing
) -> Iterator[sa.ColumnElement[bool]]:
    if len(listing.owners) + len(listing.items) > MAX_CONDITIONS:
        raise BadInput(f"a listing takes at most {MAX_CONDITIONS} owners and items")
    if listing.owners:
        keys = [names.account_key(name) for name in listing.owners if is_askable(name)]
        of_owner = sa.select(accounts.c.id).where(accounts.c.key.in_(keys))
        yield collections.c.owner_id.in_(of_owner)
    if listing.items:
        holding = [_holding(conn, caller, item) for item in listing.items]
        yield sa.or_(*holding)
    if listing.search:
        text = listing.search.casefold()
        if "\0" in text or len(text) > MAX_SEARCH_CHARS:
            yield sa.false()
        else:
            yield collections.c.key.contains(text, autoescape=True)


def _holding(conn: sa.Connection, caller: Caller, item: str) -> sa.ColumnElement[bool]:
    """Whether a collection holds the item; nothing holds what the caller may not see."""
    plural, _, target_id = item.partition("/")
    c = collection_items.c
    try:
        if plural == "collections":
            wanted = c.nested_id == find_collection(conn, caller, target_id).id
        elif plural in {f"{kind}s" for kind in Kind}:
            repo = find_repository(conn, caller, Kind(plural[:-1]), target_id)
            wanted = c.repo_id == repo.id
        else:
            return sa.false()
    except (NotFound, Unauthorized, BadInput):
        return sa.false()
    return collections.c.id.in_(sa.select(c.collection_id).where(wanted))
