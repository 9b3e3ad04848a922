"""Places in an order of repositories, and the text that clients carry from page to page.

A place is the value by which a listing is sorted and an id, so that it stays the same place when
rows come and go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub import paging
from paddock.hub.tables import repositories

DEFAULT_SORT = "trendingScore"

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
    return paging.write_cursor((order.name, *place))


def read_cursor(order: Order, text: str) -> Place:
    """What ``write_cursor`` wrote for the same order; raises BadInput for anything else."""
    type_ = datetime if order.name in {"createdAt", "lastModified"} else int
    sort, *place = paging.read_cursor(text, (str, type_, int))
    if sort != order.name:
        raise paging.foreign_cursor()
    return Place(*place)
