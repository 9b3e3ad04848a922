"""Listings of repositories: filtered, sorted, one page after another.

Knows the rows and who may see them. A page begins behind the last row of the one before, by value
and id, so that it costs the same wherever it is and nothing is listed twice when rows change.

There are two ways to a page. The index of the order is followed until the page is full, public and
private repositories apart, so that nobody pays for what they may not see. Where some filter lets
few repositories pass, which is counted first, those are looked at and sorted instead. The first way
ends after so many rows: the page is then shorter than asked for, and its cursor
leads on. Words of texts are common or rare: which of them, a sample of the order says, because no
index can count a common word at a price that has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from math import isqrt
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import access, lookup
from paddock.hub.catalogue.cursors import DEFAULT_SORT, Order, Place, read_cursor, write_cursor
from paddock.hub.catalogue.filters import Filter, Wanted, filters
from paddock.hub.gates.standing import let_in
from paddock.hub.groups.roles import shared_with
from paddock.hub.paging import Page
from paddock.hub.tables import memberships, repositories
from paddock.hub.types import Account, Caller, Kind, Repository

MAX_PAGE = 1000
FIRST_WALK = 1_000  # rows that are looked at at first
LATER_WALKS = (20_000, 80_000)
BRIEF_WALK = 4_000
_FEW_AT_LEAST = 2_000
_MANY = 1_000_000  # as many as make the difference between the two ways worth a thought
_SAMPLE = 120  # rows of an order, by which a filter is found to be common
_RARE = 6  # of these at most pass

Row = sa.RowMapping
_Way = Callable[["_Search", Caller, Sequence[int]], "_Stretch"]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which repositories, in what order, and from where on."""

    wanted: Wanted
    sort: str = DEFAULT_SORT
    descending: bool = True
    limit: int = MAX_PAGE
    cursor: str | None = None
    with_card: bool = False
    is_brief: bool = False  # rather a short page at once than a full one later
    only_few: bool = False  # nothing at all, rather than to follow an order


def list_repositories(conn: sa.Connection, caller: Caller, listing: Listing) -> Page[Repository]:
    """One page of what the caller may see; raises BadInput for a filter or cursor that is none."""
    order = Order(listing.sort, listing.descending)
    after = read_cursor(order, listing.cursor) if listing.cursor is not None else None
    found = filters(conn, listing.wanted)
    if found is None:
        return Page([], None)
    search = _Search(conn, listing, order, after, found)
    stretch = _find(search, caller)
    rows = stretch.rows[: listing.limit]
    end = search.place(rows[-1]) if len(stretch.rows) > listing.limit else stretch.reached
    cursor = write_cursor(order, end) if end is not None else None
    return Page([lookup.to_repository(row) for row in rows], cursor)


def count_by_kind(conn: sa.Connection, caller: Caller, namespace: Account) -> dict[Kind, int]:
    """How many repositories of each kind the caller sees in a namespace."""
    query = (
        sa.select(repositories.c.kind, sa.func.count())
        .where(repositories.c.namespace_id == namespace.id, access.visible_to(caller))
        .group_by(repositories.c.kind)
    )
    counts = {Kind(kind): count for kind, count in conn.execute(query)}
    return {kind: counts.get(kind, 0) for kind in Kind}


class _Stretch(NamedTuple):
    """Rows in order, complete as far as ``reached``; None: to the end, or more than a page."""

    rows: list[Row]
    reached: Place | None


class _Search(NamedTuple):
    """One listing while it is looked for."""

    conn: sa.Connection
    listing: Listing
    order: Order
    after: Place | None
    filters: Sequence[Filter]

    def place(self, row: Row) -> Place:
        return Place(row[self.order.column], row[repositories.c.id])

    def fewest(self, filters: Sequence[Filter]) -> sa.Select[Any] | None:
        """The ids that pass the narrowest filter, if those are few enough to look at them all."""
        # Following the order costs page * all / matches; where both ways cost the same is the edge.
        few = max(_FEW_AT_LEAST, isqrt(self.listing.limit * _MANY))
        common = self._common([f for f in filters if f.is_sampled])
        known = [f.ids for f in filters if f.ids is not None and f not in common]
        if not known:
            return None
        some = [ids.limit(few + 1).subquery() for ids in known]
        counts = [sa.select(sa.func.count()).select_from(ids).scalar_subquery() for ids in some]
        counted = self.conn.execute(sa.select(*counts)).one()
        least = min(range(len(known)), key=lambda number: counted[number])
        return known[least] if counted[least] <= few else None

    def _common(self, filters: Sequence[Filter]) -> list[Filter]:
        """Those that much of a sample passes: no index counts them at a price that has a bound."""
        if not filters:
            return []
        sample = (
            sa.select(repositories.c.id)
            .where(
                repositories.c.kind == self.listing.wanted.kind, sa.not_(repositories.c.is_private)
            )
            .order_by(*self.order.by)
            .limit(_SAMPLE)
        )
        passing = [
            sa.func.coalesce(sa.func.sum(sa.case((f.condition, 1), else_=0)), 0) for f in filters
        ]
        counted = self.conn.execute(
            sa.select(*passing).select_from(repositories).where(self._one_of(sample))
        ).one()
        return [f for f, passed in zip(filters, counted, strict=True) if passed > _RARE]

    def among(self, ids: sa.Select[Any], *conditions: sa.ColumnElement[bool]) -> _Stretch:
        """Look at each of these and sort what passes, whatever else an index could lead to."""
        kind = repositories.c.kind.concat("") == self.listing.wanted.kind
        return _Stretch(self._rows(kind, self._one_of(ids), *conditions), None)

    def _one_of(self, ids: sa.Select[Any]) -> sa.ColumnElement[bool]:
        if self.conn.dialect.name == "sqlite":
            return repositories.c.id.in_(ids)
        # An array is read before anything else: the planner has nothing to choose.
        return repositories.c.id == sa.any_(sa.func.array(ids.scalar_subquery()))

    def along(self, steps: Sequence[int], *conditions: sa.ColumnElement[bool]) -> _Stretch:
        """Follow the order, in steps of so many rows, until the page is full.

        The first condition belongs to the order's index, the others cost a look at each row.
        """
        kind = repositories.c.kind == self.listing.wanted.kind
        if not self.filters and len(conditions) == 1:
            return _Stretch(self._rows(kind, *conditions), None)
        rows: list[Row] = []
        at = self.after
        for step in steps:
            end = self._place_after(at, step, conditions)
            until = [self.order.up_to(end)] if end else []
            most = self.listing.limit + 1 - len(rows)
            rows += self._rows(kind, *conditions, *until, after=at, most=most)
            if len(rows) > self.listing.limit or end is None:
                return _Stretch(rows, None)
            at = end
        return _Stretch(rows, at)

    def _place_after(
        self, at: Place | None, step: int, conditions: Sequence[sa.ColumnElement[bool]]
    ) -> Place | None:
        """The place so many rows further on; None when there are fewer."""
        query = (
            sa.select(self.order.column, repositories.c.id)
            .where(repositories.c.kind == self.listing.wanted.kind, *conditions[:1])
            .order_by(*self.order.by)
            .offset(step - 1)
            .limit(1)
        )
        row = self.conn.execute(query.where(self.order.behind(at)) if at else query).first()
        return Place(*row) if row else None

    def _rows(
        self,
        *conditions: sa.ColumnElement[bool],
        after: Place | None = None,
        most: int | None = None,
    ) -> list[Row]:
        """What passes all filters, in order, one more than a page takes."""
        card = repositories.c.card
        columns = [c for c in repositories.c if self.listing.with_card or c is not card]
        start = after or self.after
        query = (
            sa.select(*columns)
            .where(*conditions)
            .where(*(filter_.condition for filter_ in self.filters))
            .order_by(*self.order.by)
            .limit(most or self.listing.limit + 1)
        )
        return list(
            self.conn.execute(query.where(self.order.behind(start)) if start else query).mappings()
        )


def _find(search: _Search, caller: Caller) -> _Stretch:
    """A page, by the way that is cheaper."""
    visible, private = access.visible_to(caller), search.listing.wanted.private
    ways: list[_Way] = [_public] if private is not True else []
    if caller.account is not None and private is not False:
        ways.append(_private)
    if not ways:
        return _Stretch([], None)
    few = search.fewest(search.filters) if search.filters else None
    if few is not None:
        return search.among(few, visible)
    if search.listing.only_few:
        return _Stretch([], None)
    steps = (FIRST_WALK, *([BRIEF_WALK] if search.listing.is_brief else LATER_WALKS))
    if any(filter_.is_sampled for filter_ in search.filters):
        steps = (2 * _SAMPLE, *steps)  # a word is common here: a few hundred rows fill a page
    return _merge(search, [way(search, caller, steps) for way in ways])


def _public(search: _Search, _: Caller, steps: Sequence[int]) -> _Stretch:
    asked = search.listing
    if search.filters or search.after is not None or asked.with_card:
        return search.along(steps, sa.not_(repositories.c.is_private))
    query = _first_page(asked.sort, descending=asked.descending)
    values = {"kind": asked.wanted.kind, "most": asked.limit + 1}
    return _Stretch(list(search.conn.execute(query, values).mappings()), None)


@cache
def _first_page(sort: str, *, descending: bool) -> sa.Select[Any]:
    """What is asked for most, and takes longer to say than to do: the beginning of an order."""
    c = repositories.c
    return (
        sa.select(*(column for column in c if column is not c.card))
        .where(c.kind == sa.bindparam("kind"), sa.not_(c.is_private))
        .order_by(*Order(sort, descending).by)
        .limit(sa.bindparam("most"))
    )


def _private(search: _Search, caller: Caller, steps: Sequence[int]) -> _Stretch:
    private = repositories.c.is_private
    if access.is_site_admin(caller) or caller.account is None:
        return search.along(steps, private)
    few = search.fewest([Filter(sa.true(), _theirs(search, caller.account))])
    visible = access.visible_to(caller)
    if few is None:
        return search.along(steps, private, visible)
    return search.among(few, private, visible)


def _merge(search: _Search, stretches: Sequence[_Stretch]) -> _Stretch:
    """As far as every stretch is complete."""
    descending = search.order.descending
    ends = [stretch.reached for stretch in stretches if stretch.reached is not None]
    reached = (max(ends) if descending else min(ends)) if ends else None
    rows = [row for stretch in stretches for row in stretch.rows]
    if len(stretches) > 1:
        rows.sort(key=search.place, reverse=descending)
    if reached is not None:
        places = map(search.place, rows)
        is_known = [place >= reached if descending else place <= reached for place in places]
        rows = list(compress(rows, is_known))
    return _Stretch(rows, reached)


def _theirs(search: _Search, account: Account) -> sa.Select[Any]:
    """All that is private and of which an account may see some: each by an index of its own."""
    c = repositories.c
    within = c.namespace_id.in_(_reachable(search.conn, account))
    of_namespaces = sa.select(c.id).where(
        c.kind == search.listing.wanted.kind, c.is_private, within
    )
    named = (shared_with(account), let_in(account.id, clock.now()))
    # Not each once, which would take reading them all before the first.
    return sa.select(sa.union_all(of_namespaces, *named).subquery().c[0])


def _reachable(conn: sa.Connection, account: Account) -> list[int]:
    """The namespaces in which an account may see what is private."""
    orgs = sa.select(memberships.c.org_id).where(memberships.c.user_id == account.id)
    return [account.id, *conn.execute(orgs).scalars()]
