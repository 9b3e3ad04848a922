"""The store walked once: every blob's bytes, counted for those who need it.

A blob that one repository needs is held alone; one that several need is shared, and counts whole
for each of them. So for repositories as for accounts: what each holds alone, what is shared (once),
what is kept for something else and what nothing needs add up to what is stored. Memory grows with
the number of repositories, not of blobs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.garbage.blobs import batches
from paddock.hub.garbage.referrers import named
from paddock.hub.holdings.holders import holders
from paddock.hub.tables import repositories
from paddock.storage.blobs import BlobStore, StoredBlob
from paddock.storage.database import Database


@dataclass(slots=True)
class Held:
    """Stored bytes by who needs them: keys are numbers of repositories, or of accounts."""

    alone: Counter[int] = field(default_factory=Counter)
    shared: Counter[int] = field(default_factory=Counter)
    shared_once: int = 0
    # Of the ones that were asked about: what each other one shares with them.
    partners: Counter[int] = field(default_factory=Counter)

    def add(self, who: Collection[int], size_bytes: int, asked: Collection[int]) -> None:
        """Count a blob that all of these need."""
        if len(who) == 1:
            self.alone.update(dict.fromkeys(who, size_bytes))
            return
        self.shared.update(dict.fromkeys(who, size_bytes))
        self.shared_once += size_bytes
        if any(one in asked for one in who):
            others = [one for one in who if one not in asked]
            self.partners.update(dict.fromkeys(others, size_bytes))


@dataclass(slots=True)
class Stored:
    """Everything that the store holds."""

    blobs: int = 0
    bytes: int = 0
    elsewhere: int = 0  # pictures of comments, xorbs that no file is made of yet or any more
    unused: int = 0  # what the sweep takes
    of_repositories: Held = field(default_factory=Held)
    of_accounts: Held = field(default_factory=Held)


class Asked(NamedTuple):
    """Whose partners are wanted."""

    repositories: frozenset[int] = frozenset()
    accounts: frozenset[int] = frozenset()


NOBODY = Asked()


def count(database: Database, store: BlobStore, asked: Asked = NOBODY) -> Stored:
    """Walk the store, and note who shares bytes with those who were asked about."""
    found = Stored()
    with database.read() as conn:
        query = sa.select(repositories.c.id, repositories.c.namespace_id)
        owners: dict[int, int] = {row.id: row.namespace_id for row in conn.execute(query)}
    for some in batches(store.stored()):
        _add(database, found, some, owners, asked)
    return found


def _add(
    database: Database,
    found: Stored,
    some: list[StoredBlob],
    owners: dict[int, int],
    asked: Asked,
) -> None:
    sha256s = [blob.sha256 for blob in some]
    with database.read() as conn:
        needed = holders(conn, sha256s)
        kept = named(conn, [sha256 for sha256 in sha256s if sha256 not in needed])
    for blob in some:
        found.blobs += 1
        found.bytes += blob.size_bytes
        # A repository that was made since we looked is counted the next time.
        who = [repo_id for repo_id in needed.get(blob.sha256, ()) if repo_id in owners]
        if who:
            found.of_repositories.add(who, blob.size_bytes, asked.repositories)
            accounts = {owners[repo_id] for repo_id in who}
            found.of_accounts.add(accounts, blob.size_bytes, asked.accounts)
        elif blob.sha256 in kept or blob.sha256 in needed:
            found.elsewhere += blob.size_bytes
        else:
            found.unused += blob.size_bytes
