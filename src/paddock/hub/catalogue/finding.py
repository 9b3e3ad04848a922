"""What is here for a few typed words: repositories by name first and by text then, and people.

Knows how little of each is enough at once. Everything is bounded: a page that would take long stays
short.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import sqlalchemy as sa

from paddock.hub import names
from paddock.hub.catalogue.filters import Wanted
from paddock.hub.catalogue.listing import Listing, list_repositories
from paddock.hub.catalogue.words import words_asked
from paddock.hub.collections.collections import SELECT, Collection, to_collection
from paddock.hub.collections.reach import visible_to
from paddock.hub.collections.tables import collections
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import accounts
from paddock.hub.types import Account, Caller, Kind, Repository

MAX_TYPED_CHARS: Final = 200
_COLLECTIONS_SEEN = 2_000  # the last changed ones
_ACCOUNT = re.compile(r"[a-z0-9_-]{1,42}")
_MAX_PIECES = 8
_LOOKED_AT = 3  # times as many as are wanted, for names among them
_LAST = "\x7f"  # behind every sign of a name


class Found(NamedTuple):
    """Some repositories, and whether there are more."""

    repositories: list[Repository]
    has_more: bool


def find_repositories(
    conn: sa.Connection, caller: Caller, kind: Kind, typed: str, limit: int
) -> Found:
    """Those whose names hold every piece of what was typed, then those whose texts do."""
    typed = typed[:MAX_TYPED_CHARS]
    pieces = tuple(piece.lower() for piece in typed.split())
    if not pieces:
        return Found([], has_more=False)
    found = _list(
        conn, caller, Listing(Wanted(kind, text=typed), limit=_LOOKED_AT * limit, is_brief=True)
    )
    found.sort(key=lambda repo: not _is_in_name(pieces, repo))  # the order stays, but for these
    if len(found) < limit and len(pieces) <= _MAX_PIECES:
        # A part of a name is no beginning of a word: where few names have it, they count, too.
        named = Listing(Wanted(kind, search=pieces), limit=limit, only_few=True)
        known = {repo.id for repo in found}
        found += [repo for repo in _list(conn, caller, named) if repo.id not in known]
    return Found(found[:limit], len(found) > limit)


def _is_in_name(pieces: tuple[str, ...], repo: Repository) -> bool:
    name = repo.full_name.lower()
    return all(piece in name for piece in pieces)


def find_accounts(conn: sa.Connection, typed: str, limit: int) -> list[Account]:
    """Users and organisations whose name begins with what was typed, by name."""
    key = names.account_key(typed.strip())
    if not _ACCOUNT.fullmatch(key):
        return []
    column = accounts.c.key
    begins: sa.ColumnElement[bool] = column.like(key.replace("_", "!_") + "%", escape="!")
    if conn.dialect.name == "sqlite":
        begins = sa.and_(column >= key, column < key + _LAST)
    query = sa.select(accounts).where(begins).order_by(column).limit(limit)
    return [to_account(row) for row in conn.execute(query).mappings()]


def find_collections(
    conn: sa.Connection, caller: Caller, typed: str, limit: int
) -> list[Collection]:
    """Those whose titles hold every word, the last changed first; older ones are not looked at."""
    words = words_asked(typed[:MAX_TYPED_CHARS])[:8]
    if not words:
        return []
    latest = sa.select(collections.c.id).order_by(
        collections.c.updated_at.desc(), collections.c.id.desc()
    )
    holds = [collections.c.key.contains(word, autoescape=True) for word in words]
    query = (
        SELECT.where(collections.c.id.in_(latest.limit(_COLLECTIONS_SEEN).subquery().select()))
        .where(visible_to(caller), *holds)
        .order_by(collections.c.updated_at.desc(), collections.c.id.desc())
        .limit(limit)
    )
    return [to_collection(row) for row in conn.execute(query).mappings()]


def _list(conn: sa.Connection, caller: Caller, listing: Listing) -> list[Repository]:
    return list_repositories(conn, caller, listing).items
