"""Many let in by a table: a name in each row, and the day on which their access ends, if it does.

Everything is looked at before anything is written: a table with a row that cannot be meant lets
nobody in, and says which rows these are. Who has access already gets the end that the table gives.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, PaddockError, shown
from paddock.hub.gates import requests
from paddock.hub.people import accounts
from paddock.hub.types import Account, Repository

MAX_ROWS = 500  # each takes some milliseconds, in one transaction
MAX_TABLE_CHARS = 100_000
_MAX_PROBLEMS = 10
_HEADS = ({"user"}, {"name"}, {"user", "expires"}, {"user", "expiresat"}, {"name", "until"})


class Row(NamedTuple):
    """A line of the table; ``expires_at`` None is for good."""

    line: int
    name: str
    expires_at: datetime | None


class Imported(NamedTuple):
    """How many were let in, and how many were before and have another end now."""

    let_in: int
    renewed: int


def import_table(conn: sa.Connection, repo: Repository, text: str, reviewer: Account) -> Imported:
    """Let in whom a table in CSV names; raises NotGated or BadInput, and then changes nothing.

    Whoever calls has locked the repository.
    """
    requests.require_gate(repo)
    people = _look_up(conn, read_table(text))
    let_in = renewed = 0
    for user, expires_at in people:
        try:
            requests.grant(conn, repo, user, reviewer, expires_at)
            let_in += 1
        except requests.AlreadyLetIn:
            requests.renew(conn, repo, user.id, reviewer, expires_at)
            renewed += 1
    return Imported(let_in, renewed)


def read_table(text: str) -> list[Row]:
    """The rows, without a head and without empty ones; raises BadInput with every bad line."""
    if len(text) > MAX_TABLE_CHARS:
        raise BadInput(f"the table has {len(text)} characters", hint=f"{MAX_TABLE_CHARS} at most")
    rows: list[Row] = []
    problems: list[str] = []
    for line, cells in _lines(text):
        try:
            rows.append(_row(line, cells))
        except BadInput as e:
            problems.append(f"line {line}: {e.message}")
        if len(rows) > MAX_ROWS:
            raise BadInput("the table is too long", hint=f"{MAX_ROWS} rows at most")
    if not rows and not problems:
        problems = ["it names nobody"]
    _raise(problems)
    return rows


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    is_first = True
    try:
        for cells in reader:
            kept = [cell.strip() for cell in cells]
            if not any(kept):
                continue
            is_head = is_first and {cell.lower() for cell in kept if cell} in _HEADS
            is_first = False
            if not is_head:
                yield reader.line_num, kept
    except csv.Error as e:
        raise BadInput(f"line {reader.line_num} is not CSV: {e}") from e


def _row(line: int, cells: list[str]) -> Row:
    name, until, *others = [*cells, "", ""]
    if not name or any(others):
        raise BadInput("a name and a day are expected")
    return Row(line, name, _end(until))


def _end(text: str) -> datetime | None:
    if not text:
        return None
    try:
        if len(text) == len("2026-12-31"):
            moment = datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        else:
            moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise BadInput(f"{shown(text)} is not a day such as 2026-12-31") from e
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if moment <= clock.now():
        raise BadInput(f"{shown(text)} is over")
    return moment.astimezone(UTC)


def _look_up(conn: sa.Connection, rows: list[Row]) -> list[tuple[Account, datetime | None]]:
    found: dict[int, tuple[Account, datetime | None]] = {}
    problems: list[str] = []
    for row in rows:
        try:
            user = accounts.get_account(conn, row.name)
        except PaddockError as e:
            problems.append(f"line {row.line}: {e.message}")
            continue
        if user.id in found:
            problems.append(f"line {row.line}: {user.name} is named twice")
        found[user.id] = (user, row.expires_at)
    _raise(problems)
    return list(found.values())


def _raise(problems: list[str]) -> None:
    if problems:
        more = len(problems) - _MAX_PROBLEMS
        told = problems[:_MAX_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
        raise BadInput(f"nobody was let in: {'; '.join(told)}", hint="correct the table")
