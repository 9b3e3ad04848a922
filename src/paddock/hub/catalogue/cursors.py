"""Places in an order of repositories, and the text that clients carry from page to page.

A place is the value by which a listing is sorted and an id, so that it stays the same place when
rows come and go. What comes back from outside is checked as if somebody else had written it.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub.tables import repositories

DEFAULT_SORT = "trendingScore"
_MAX_CURSOR_CHARS = 200
_MAX_ID = 2**63 - 1

SORTS: dict[str, sa.Column[Any]] = {
    "createdAt": repositories.c.created_at,
    "lastModified": repositories.c.updated_at,
    "downloads": repositories.c.downloads,
    "likes": repositories.c.likes,
    "trendingScore": repositories.c.trending,
}


class Place(NamedTuple):
    """Where in an order."""

    value: Any
    id: int


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, and which way round."""

    name: str = DEFAULT_SORT
    descending: bool = True

    @property
    def column(self) -> sa.Column[Any]:
        return SORTS[self.name]

    @property
    def by(self) -> list[sa.ColumnElement[Any]]:
        """What to sort by: complete, so that no two repositories are equal."""
        ends = (self.column, repositories.c.id)
        return [end.desc() if self.descending else end.asc() for end in ends]

    def behind(self, place: Place) -> sa.ColumnElement[bool]:
        """What follows the place."""
        here, there = self._compared(place)
        return here < there if self.descending else here > there

    def up_to(self, place: Place) -> sa.ColumnElement[bool]:
        """The place itself and what comes before it."""
        here, there = self._compared(place)
        return here >= there if self.descending else here <= there

    def _compared(self, place: Place) -> tuple[sa.Tuple, sa.Tuple]:
        # As a row, so that an index on (…, column, id) finds the place.
        here = sa.tuple_(self.column, repositories.c.id)
        value = sa.literal(place.value, self.column.type)
        return here, sa.tuple_(value, sa.literal(place.id, repositories.c.id.type))


def check_sort(name: str) -> str:
    """The name of an order; raises BadInput with those there are."""
    if name not in SORTS:
        choice = "|".join(f'"{known}"' for known in SORTS)
        raise BadInput(f"Invalid sort {shown(name)}: expected one of {choice}")
    return name


def write_cursor(order: Order, place: Place) -> str:
    """The place as text for an address."""
    value = place.value.isoformat() if isinstance(place.value, datetime) else place.value
    return base64.urlsafe_b64encode(json.dumps([order.name, value, place.id]).encode()).decode()


def read_cursor(order: Order, text: str) -> Place:
    """What ``write_cursor`` wrote for the same order; raises BadInput for anything else."""
    wrong = BadInput("the cursor does not belong to this listing", hint="start without a cursor")
    if len(text) > _MAX_CURSOR_CHARS:
        raise wrong
    try:
        sort, value, last_id = json.loads(base64.urlsafe_b64decode(text.encode()))
        if isinstance(value, str):
            value = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError) as e:
        raise wrong from e
    is_moment = order.name in {"createdAt", "lastModified"}
    if sort != order.name or type(last_id) is not int or abs(last_id) > _MAX_ID:
        raise wrong
    if is_moment is not isinstance(value, datetime):
        raise wrong
    if not is_moment and (type(value) is not int or abs(value) > _MAX_ID):
        raise wrong
    return Place(value, last_id)
