"""Thousands of reports in an hour: bounded by address and by repository, and told once.

A repository that is reported so often is attacked, or in real trouble; either way its maintainers
get one notice again and again, not one for each. Beyond a bound only those are heard whose reports
were right before. Knows counts, not what a report says.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from paddock import clock
from paddock.hub.notifications.maintainers import maintainers
from paddock.hub.notifications.notices import NewNotice, notify
from paddock.hub.reports.rules import TooManyReports
from paddock.hub.reports.states import State
from paddock.hub.reports.tables import reports
from paddock.hub.sessions.attempts import of_address, over_limit
from paddock.hub.types import Account, Repository
from paddock.storage.database import Database

MAX_OF_ADDRESS: Final = 600  # in an hour, as many as sixty people may write; of IPv6 a home is one
TOLD_EACH: Final = 50  # of one repository, in an hour
MAX_OF_REPOSITORY: Final = 1_000  # in an hour
_HOUR: Final = timedelta(hours=1)
_RIGHT: Final = (State.CONFIRMED, State.FIXED)


def check_address(database: Database, address: str) -> None:
    """Count a report of this address; raises TooManyReports."""
    with database.write() as conn:  # by itself: the count stays, whatever becomes of the report
        subject = f"reports:{of_address(address)}"
        is_over = over_limit(conn, subject, MAX_OF_ADDRESS, _HOUR)
    if is_over:
        raise TooManyReports(
            f"{MAX_OF_ADDRESS} reports came from your address within an hour",
            hint="come back later",
        )


def check_repository(conn: sa.Connection, repo: Repository, reporter: Account) -> int:
    """How many there were within the hour; raises TooManyReports.

    Whoever calls holds the repository's lock.
    """
    c, since = reports.c, clock.now() - _HOUR
    lately = sa.and_(c.repo_id == repo.id, c.updated_at > since, c.created_at > since)
    count = int(conn.scalar(sa.select(sa.func.count()).where(lately)) or 0)
    if count >= MAX_OF_REPOSITORY and not _was_right(conn, reporter):
        raise TooManyReports(
            f"{repo.full_name} was reported {count} times within an hour",
            hint="come back later, or write to its owners",
        )
    return count


def was_right() -> sa.Select[tuple[int | None]]:
    """Accounts one of whose reports was confirmed, about whatever repository."""
    return sa.select(reports.c.reporter_id).where(
        reports.c.state.in_(_RIGHT), reports.c.reporter_id.is_not(None)
    )


def tell_of_flood(conn: sa.Connection, repo: Repository, count: int) -> None:
    """Say it when it begins, and whenever there are twice as many."""
    doubled = count // TOLD_EACH
    if count % TOLD_EACH or doubled & (doubled - 1):
        return
    sentence = f"{count} reports on {repo.full_name} within an hour: you are told of no single one"
    notice = NewNotice(f"reports:{repo.public_id}", sentence, "/reports")
    notify(conn, repo, maintainers(conn, repo), notice)


def _was_right(conn: sa.Connection, reporter: Account) -> bool:
    mine = was_right().where(reports.c.reporter_id == reporter.id).limit(1)
    return conn.execute(mine).first() is not None
