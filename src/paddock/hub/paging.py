"""Pages of a list that is ordered by columns, each page behind the last row of the one before.

A cursor holds the values at which a page ended; it comes back from outside, so it is read with
suspicion. A page costs the same wherever it is, and nothing is listed twice when rows come and go.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import sqlalchemy as sa

from paddock.errors import BadInput

MAX_CURSOR_CHARS = 400
_MAX_NUMBER = 2**63 - 1

T = TypeVar("T")
Value = datetime | int | str


class Part(NamedTuple):
    """How much of a list, and from where on."""

    limit: int
    cursor: str | None = None


class Page(NamedTuple, Generic[T]):
    """Some of a list, and the cursor of what follows."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by, of which types; no two rows are equal in all these columns."""

    columns: tuple[sa.ColumnElement[Any], ...]
    types: tuple[type[Value], ...] = (datetime, int)
    descending: bool = True


def read_page(
    conn: sa.Connection,
    query: sa.Select[Any],
    order: Order,
    part: Part,
    to_item: Callable[[sa.RowMapping], T],
) -> Page[T]:
    """The part of the query's rows, in order; raises BadInput for a cursor of another list."""
    ends = [column.desc() if order.descending else column.asc() for column in order.columns]
    place = [column.label(f"place_{number}") for number, column in enumerate(order.columns)]
    query = query.add_columns(*place).order_by(*ends).limit(part.limit + 1)
    if part.cursor is not None:
        values = read_cursor(part.cursor, order.types)
        query = query.where(behind(order.columns, values, descending=order.descending))
    rows = conn.execute(query).mappings().all()
    shown = rows[: part.limit]
    last = shown[-1] if len(rows) > part.limit else None
    next_cursor = write_cursor([last[label] for label in place]) if last else None
    return Page([to_item(row) for row in shown], next_cursor)


def write_cursor(values: Sequence[Value]) -> str:
    """The place behind a row that has these values."""
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()


def read_cursor(cursor: str, types: Sequence[type[Value]]) -> list[Any]:
    """What ``write_cursor`` was given; raises BadInput unless the values have these types."""
    if len(cursor) > MAX_CURSOR_CHARS:
        raise foreign_cursor()
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not isinstance(plain, list) or len(plain) != len(types):
            raise foreign_cursor()
        return [_value(value, type_) for value, type_ in zip(plain, types, strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError) as e:
        raise foreign_cursor() from e


def foreign_cursor() -> BadInput:
    """What to raise for a cursor that is not one of the list's own."""
    return BadInput("the cursor does not belong to this list", hint="start without a cursor")


def behind(
    columns: Sequence[sa.ColumnElement[Any]], values: Sequence[Value], *, descending: bool
) -> sa.ColumnElement[bool]:
    """The rows after that place; compared as one row, so that an index finds it."""
    here = sa.tuple_(*columns)
    there = sa.tuple_(
        *(sa.literal(value, column.type) for value, column in zip(values, columns, strict=True))
    )
    return here < there if descending else here > there


def _value(value: Any, type_: type[Value]) -> Value:
    if type_ is datetime and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    if type_ is int and type(value) is int and abs(value) <= _MAX_NUMBER:
        return value
    if type_ is str and isinstance(value, str) and "\0" not in value:  # no database keeps NUL
        value.encode()  # nor a lone surrogate
        return value
    raise ValueError("another list's cursor")
