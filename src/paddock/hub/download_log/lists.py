"""What was downloaded from a repository, the latest first: in pages, and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import csv_rows
from paddock.hub.download_log.tables import file_downloads
from paddock.hub.paging import Order, Page, Part, read_page
from paddock.hub.people.accounts import is_askable
from paddock.hub.tables import accounts
from paddock.hub.types import Repository

COLUMNS = ("time", "user", "file", "revision", "way")
_c = file_downloads.c


class Download(NamedTuple):
    """One row of the log."""

    happened_at: datetime
    user: str | None  # None: the account was deleted
    path: str | None
    commit_oid: str | None
    way: str


def list_downloads(
    conn: sa.Connection, repo: Repository, part: Part, user: str | None = None
) -> Page[Download]:
    """One page, of one user where one is named; raises BadInput for a cursor that is none."""
    source = file_downloads.outerjoin(accounts, accounts.c.id == _c.user_id)
    columns = (_c.happened_at, _c.path, _c.commit_oid, _c.way, accounts.c.name)
    query = sa.select(*columns).select_from(source).where(_c.repo_id == repo.id)
    if user:
        key = user.strip().lower()
        query = query.where(accounts.c.key == key if is_askable(key) else sa.false())
    order = Order((_c.happened_at, _c.mark), (datetime, str))
    return read_page(conn, query, order, part, _download)


def as_csv(downloads: Iterable[Download]) -> Iterator[bytes]:
    """A table with a row for each, in pieces."""
    yield csv_rows.row(COLUMNS)
    for one in downloads:
        moment = clock.to_text(one.happened_at)
        yield csv_rows.row((moment, one.user, one.path, one.commit_oid, one.way))


def _download(row: sa.RowMapping) -> Download:
    return Download(
        row[_c.happened_at],
        row[accounts.c.name],
        row[_c.path],
        row[_c.commit_oid],
        row[_c.way],
    )
