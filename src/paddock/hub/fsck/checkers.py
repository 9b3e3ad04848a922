"""What every check is given, and how it tells what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.fsck.findings import Concerns, Fault, Finding, Findings
from paddock.hub.fsck.repairing import Repairs
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database

# A check goes through its things in an order of their own, and gives the key of each when it is
# done with it, so that another run can go on after it.
Check = Callable[["Checking", str], Iterator[str]]


class Checking(NamedTuple):
    """One check of a store; without ``repairs`` nothing is changed."""

    database: Database
    blobs: BlobStore
    findings: Findings
    is_deep: bool = False
    repairs: Repairs | None = None

    def add(self, what: str, number: int = 1) -> None:
        """So many more were looked at."""
        self.findings.checked[what] += number

    def report(
        self,
        fault: Fault,
        name: str,
        told: str,
        repair: Callable[[Repairs], str | None] | None = None,
        concerns: Callable[[sa.Connection], Concerns] | None = None,
    ) -> None:
        """Repair what was found, if that may and can be done, and tell what is left of it."""
        with self.database.read() as conn:  # before: a repair may change what it belongs to
            whose = concerns(conn) if concerns else Concerns()
        done = repair(self.repairs) if self.repairs and repair else None
        self.findings.add(Finding(fault, name, told, done, whose))


def keys(
    database: Database, column: sa.Column[str], after: str, per_page: int = 500
) -> Iterator[str]:
    """The values of a key in order, after this one; rows that come meanwhile may be missed."""
    while True:
        query = sa.select(column).where(column > after).order_by(column).limit(per_page)
        with database.read() as conn:
            page = list(conn.execute(query).scalars())
        if not page:
            return
        yield from page
        after = page[-1]
