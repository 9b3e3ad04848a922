"""What is told of a repository's or an account's bytes, and of all of them.

``logical_bytes`` is the full size of files, as quotas count them; ``alone_bytes`` is stored for
nobody else, so that removing its owner frees it once the graces are over; ``shared_bytes`` stays
then. ``database_bytes`` are git objects that are kept as rows. Partners are named only for who was
asked about.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub.holdings.counting import Asked, Held, Stored, count
from paddock.hub.large.tables import repository_usage
from paddock.hub.tables import accounts, git_objects, repositories
from paddock.hub.types import Account, Kind, Repository
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database

MAX_PARTNERS = 100


class Partner(NamedTuple):
    """Who needs some of the same bytes."""

    name: str
    bytes: int


class Share(NamedTuple):
    """What one repository or account holds."""

    name: str
    kind: str  # "model", "dataset", "space", "user", "org"
    logical_bytes: int
    alone_bytes: int
    shared_bytes: int
    database_bytes: int


class Report(NamedTuple):
    """All of it; ``shared_with`` has the partners of who was asked about, the largest first."""

    stored: Stored
    repositories: list[Share]
    accounts: list[Share]
    shared_with: list[Partner]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        stored = self.stored
        return {
            "stored_bytes": stored.bytes,
            "blobs": stored.blobs,
            "elsewhere_bytes": stored.elsewhere,
            "unused_bytes": stored.unused,
            "shared_by_repositories_bytes": stored.of_repositories.shared_once,
            "shared_by_accounts_bytes": stored.of_accounts.shared_once,
            "accounts": [one._asdict() for one in self.accounts],
            "repositories": [one._asdict() for one in self.repositories],
        }


def report(database: Database, store: BlobStore, of: Repository | Account | None = None) -> Report:
    """Walk the store and tell of everybody, or of one repository, or of an account and its
    repositories."""
    asked = Asked()
    if isinstance(of, Repository):
        asked = Asked(repositories=frozenset([of.id]))
    elif of is not None:
        asked = Asked(accounts=frozenset([of.id]))
    stored = count(database, store, asked)
    with database.read() as conn:
        shares = _repositories(conn, stored.of_repositories)
        owners = _accounts(conn, stored.of_accounts, shares)
        partners = _partners(conn, stored, of)
    told = [share for key, share in shares.items() if of is None or _is_of(key, of)]
    told_accounts = [share for key, share in owners.items() if of is None or _is_account(key, of)]
    return Report(stored, _by_size(told), _by_size(told_accounts), partners)


class _Key(NamedTuple):
    repo_id: int
    owner_id: int


def _is_of(key: _Key, of: Repository | Account) -> bool:
    return key.repo_id == of.id if isinstance(of, Repository) else key.owner_id == of.id


def _is_account(account_id: int, of: Repository | Account) -> bool:
    return not isinstance(of, Repository) and account_id == of.id


def _by_size(shares: list[Share]) -> list[Share]:
    return sorted(shares, key=lambda one: (-one.alone_bytes - one.shared_bytes, one.name))


def _repositories(conn: sa.Connection, held: Held) -> dict[_Key, Share]:
    used = repository_usage.c
    counted = sa.select(used.repo_id, (used.large_bytes + used.git_bytes).label("bytes"))
    logical: dict[int, int] = {row.repo_id: row.bytes for row in conn.execute(counted)}
    in_rows = sa.select(git_objects.c.repo_id, sa.func.sum(git_objects.c.size_bytes).label("bytes"))
    in_rows = in_rows.where(git_objects.c.content.is_not(None)).group_by(git_objects.c.repo_id)
    database: dict[int, int] = {row.repo_id: int(row.bytes) for row in conn.execute(in_rows)}
    row = repositories.c
    query = sa.select(row.id, row.namespace_id, row.kind, row.full_name)
    return {
        _Key(one.id, one.namespace_id): Share(
            f"{Kind(one.kind).url_prefix}{one.full_name}",
            one.kind,
            logical.get(one.id, 0),
            held.alone[one.id],
            held.shared[one.id],
            database.get(one.id, 0),
        )
        for one in conn.execute(query)
    }


def _accounts(conn: sa.Connection, held: Held, shares: dict[_Key, Share]) -> dict[int, Share]:
    logical: dict[int, int] = {}
    database: dict[int, int] = {}
    for key, share in shares.items():
        logical[key.owner_id] = logical.get(key.owner_id, 0) + share.logical_bytes
        database[key.owner_id] = database.get(key.owner_id, 0) + share.database_bytes
    query = sa.select(accounts.c.id, accounts.c.kind, accounts.c.name)
    return {
        one.id: Share(
            one.name,
            one.kind,
            logical.get(one.id, 0),
            held.alone[one.id],
            held.shared[one.id],
            database.get(one.id, 0),
        )
        for one in conn.execute(query)
    }


def _partners(
    conn: sa.Connection, stored: Stored, of: Repository | Account | None
) -> list[Partner]:
    if of is None:
        return []
    is_repo = isinstance(of, Repository)
    held = stored.of_repositories if is_repo else stored.of_accounts
    most = dict(held.partners.most_common(MAX_PARTNERS))
    if is_repo:
        row = repositories.c
        query = sa.select(row.id, row.kind, row.full_name).where(row.id.in_(most))
        names = {
            one.id: f"{Kind(one.kind).url_prefix}{one.full_name}" for one in conn.execute(query)
        }
    else:
        account = sa.select(accounts.c.id, accounts.c.name).where(accounts.c.id.in_(most))
        names = {one.id: one.name for one in conn.execute(account)}
    return [Partner(names[key], size) for key, size in most.items() if key in names]
