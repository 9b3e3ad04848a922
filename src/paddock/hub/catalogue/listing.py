"""Listings of repositories: filtered, sorted, one page after another.

Knows the rows and who may see them. A page begins behind the last row of the one before, by value
and id, so that it costs the same wherever it is and nothing is listed twice when rows change.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub import access, lookup, names
from paddock.hub.people.accounts import is_askable
from paddock.hub.tables import accounts, repositories, repository_tags
from paddock.hub.types import Account, Caller, Kind, Repository

MAX_PAGE = 1000
DEFAULT_SORT = "trendingScore"
MAX_SEARCH_CHARS = 300
MAX_CONDITIONS = 30
_MAX_CURSOR_CHARS = 200
_MAX_ID = 2**63 - 1

_SORTS: dict[str, sa.Column[Any]] = {
    "createdAt": repositories.c.created_at,
    "lastModified": repositories.c.updated_at,
    "downloads": repositories.c.downloads,
    "likes": repositories.c.likes,
    "trendingScore": repositories.c.likes,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """Which repositories, in what order, and from where on."""

    kind: Kind
    search: tuple[str, ...] = ()
    author: str | None = None
    tags: tuple[str, ...] = ()
    gated: bool | None = None
    sort: str = DEFAULT_SORT
    descending: bool = True
    limit: int = MAX_PAGE
    cursor: str | None = None
    with_card: bool = False


class Page(NamedTuple):
    """Some repositories, and the cursor of those that follow."""

    repositories: list[Repository]
    next_cursor: str | None


def list_repositories(conn: sa.Connection, caller: Caller, listing: Listing) -> Page:
    """One page of what the caller may see; raises BadInput for a sort or cursor that is none."""
    column = _SORTS.get(listing.sort)
    if column is None:
        choice = "|".join(f'"{name}"' for name in _SORTS)
        raise BadInput(f"Invalid sort {shown(listing.sort)}: expected one of {choice}")
    conditions = [*_conditions(caller, listing)]
    if listing.cursor is not None:
        conditions.append(_behind(column, listing))
    ends = (column, repositories.c.id)
    columns = [c for c in repositories.c if listing.with_card or c is not repositories.c.card]
    query = (
        sa.select(*columns)
        .where(*conditions)
        .order_by(*(end.desc() if listing.descending else end.asc() for end in ends))
        .limit(listing.limit + 1)
    )
    rows = list(conn.execute(query).mappings())
    found = [lookup.to_repository(row) for row in rows[: listing.limit]]
    more = len(rows) > listing.limit
    return Page(
        found, _cursor(listing, rows[listing.limit - 1][column], found[-1].id) if more else None
    )


def repositories_of(conn: sa.Connection, caller: Caller, namespace: Account) -> list[Repository]:
    """Everything of a namespace that the caller may see, of every kind, the latest first."""
    columns = [column for column in repositories.c if column is not repositories.c.card]
    query = (
        sa.select(*columns)
        .where(repositories.c.namespace_id == namespace.id, access.visible_to(caller))
        .order_by(repositories.c.updated_at.desc(), repositories.c.id.desc())
    )
    return [lookup.to_repository(row) for row in conn.execute(query).mappings()]


def count_by_kind(conn: sa.Connection, caller: Caller, namespace: Account) -> dict[Kind, int]:
    """How many repositories of each kind the caller sees in a namespace."""
    query = (
        sa.select(repositories.c.kind, sa.func.count())
        .where(repositories.c.namespace_id == namespace.id, access.visible_to(caller))
        .group_by(repositories.c.kind)
    )
    counts = {Kind(kind): count for kind, count in conn.execute(query)}
    return {kind: counts.get(kind, 0) for kind in Kind}


def tags_in_use(conn: sa.Connection, caller: Caller, kind: Kind, limit: int) -> list[str]:
    """The tags of the repositories that the caller sees, in order."""
    query = (
        sa.select(repository_tags.c.tag)
        .join(repositories, repositories.c.id == repository_tags.c.repo_id)
        .where(repositories.c.kind == kind, access.visible_to(caller))
        .distinct()
        .order_by(repository_tags.c.tag)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def _conditions(caller: Caller, listing: Listing) -> Iterator[sa.ColumnElement[bool]]:
    words = [word for text in listing.search for word in text.lower().split()]
    if len(words) + len(listing.tags) > MAX_CONDITIONS:
        raise BadInput(f"a listing takes at most {MAX_CONDITIONS} search words and filters")
    yield repositories.c.kind == listing.kind
    yield access.visible_to(caller)
    for word in words:
        if not is_askable(word) or len(word) > MAX_SEARCH_CHARS:
            yield sa.false()  # no name can contain it
        else:
            yield repositories.c.key.contains(word, autoescape=True)
    if listing.author is not None:
        key = names.account_key(listing.author) if is_askable(listing.author) else ""
        of_author = sa.select(accounts.c.id).where(accounts.c.key == key)
        yield repositories.c.namespace_id.in_(of_author)
    for tag in listing.tags:
        if "\0" in tag:
            yield sa.false()
            continue
        tagged = sa.select(repository_tags.c.repo_id).where(repository_tags.c.tag == tag)
        yield repositories.c.id.in_(tagged)
    if listing.gated is not None:
        gated = repositories.c.gated
        yield gated.is_not(None) if listing.gated else gated.is_(None)


def _behind(column: sa.Column[Any], listing: Listing) -> sa.ColumnElement[bool]:
    value, last_id = _read_cursor(listing)
    # Compared as a row, so that the index on (kind, column, id) finds the place.
    here = sa.tuple_(column, repositories.c.id)
    there = sa.tuple_(sa.literal(value, column.type), sa.literal(last_id, repositories.c.id.type))
    return here < there if listing.descending else here > there


def _cursor(listing: Listing, value: Any, last_id: int) -> str:
    text = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([listing.sort, text, last_id]).encode()).decode()


def _read_cursor(listing: Listing) -> tuple[datetime | int, int]:
    """What ``_cursor`` wrote; anything else is refused, because it comes back from outside."""
    text = listing.cursor or ""
    wrong = BadInput("the cursor does not belong to this listing", hint="start without a cursor")
    if len(text) > _MAX_CURSOR_CHARS:
        raise wrong
    try:
        sort, value, last_id = json.loads(base64.urlsafe_b64decode(text.encode()))
        if isinstance(value, str):
            value = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError) as e:
        raise wrong from e
    is_moment = sort in {"createdAt", "lastModified"}
    if sort != listing.sort or type(last_id) is not int or abs(last_id) > _MAX_ID:
        raise wrong
    if is_moment is not isinstance(value, datetime):
        raise wrong
    if not is_moment and (type(value) is not int or abs(value) > _MAX_ID):
        raise wrong
    return value, last_id
