"""What an address asks to see of a repository's tables, and the addresses of other views.

Everything that is chosen is in the address, so that a view can be sent to somebody, and a page
needs no script. Knows no file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query

from paddock.hub.previews.filters import MAX_FILTER_CHARS, parse_filter, render_filter
from paddock.hub.previews.formats import Format, Packing
from paddock.hub.previews.questions import (
    PAGE_ROWS,
    Asks,
    Comparison,
    Condition,
    Order,
    Question,
)

_MAX_TEXT = 2000
_MAX_NUMBER = 1 << 62
_MAX_PAGE = _MAX_NUMBER // PAGE_ROWS

Text = Annotated[str, Query(max_length=_MAX_TEXT)]
Filter = Annotated[str, Query(max_length=2 * MAX_FILTER_CHARS)]
Number = Annotated[int, Query(ge=0, le=_MAX_NUMBER)]


@dataclass(frozen=True, slots=True)
class View:
    """What is to be seen; the names are those in the address."""

    config: str = ""
    split: str = ""
    file: str = ""
    revision: str = "main"
    start: int = 0  # of the part: a row of Parquet, a byte of text
    first: int = 0  # the number of the part's first row
    page: int = 0
    where: str = ""
    sort: str = ""
    down: bool = False  # the order is descending
    row: int = -1  # one row of the part, by its place
    figures: bool = False

    def query(self, **changes: Any) -> str:
        """The part of the address behind the path, of this view but for the changes."""
        changed = replace(self, **changes)
        told = {name: getattr(changed, name) for name in self.__slots__}
        given = {name: value for name, value in told.items() if value != getattr(_PLAIN, name)}
        return "?" + urlencode({n: int(v) if v is True else v for n, v in given.items()})

    def whole(self, **changes: Any) -> str:
        """The address of this file's beginning; what was chosen of its rows is let go."""
        kept = View(config=self.config, split=self.split, file=self.file, revision=self.revision)
        return kept.query(**changes)

    def conditions(self) -> tuple[Condition, ...]:
        """Raises BadFilter."""
        return parse_filter(self.where)

    def without(self, condition: Condition) -> str:
        """The address without one of the conditions."""
        left = [one for one in self.conditions() if one != condition]
        return self.query(where=render_filter(left), page=0, row=-1)

    def sorted_by(self, column: str) -> str:
        """The address in the order of a column: up, then down, then as the rows are."""
        if self.sort != column:
            return self.query(sort=column, down=False, page=0)
        if not self.down:
            return self.query(down=True, page=0)
        return self.query(sort="", down=False, page=0)

    def question(self, format: Format, packing: Packing, size_bytes: int) -> Question:
        """The same, asked of a file; raises BadFilter."""
        asks = Asks.COLUMNS if self.figures else Asks.ROW if self.row >= 0 else Asks.ROWS
        return Question(
            format=format,
            packing=packing,
            size_bytes=size_bytes,
            start=self.start,
            first_row=self.first,
            page=self.page if asks is Asks.ROWS else 0,
            row=max(self.row, 0) if asks is Asks.ROW else 0,
            conditions=() if asks is Asks.COLUMNS else self.conditions(),
            order=Order(self.sort, self.down) if self.sort and asks is not Asks.COLUMNS else None,
            asks=asks,
        )


_PLAIN = View()


def _view(
    config: Text = "",
    split: Text = "",
    file: Text = "",
    revision: Text = "main",
    start: Number = 0,
    first: Number = 0,
    page: Annotated[int, Query(ge=0, le=_MAX_PAGE)] = 0,
    where: Filter = "",
    sort: Text = "",
    down: bool = False,
    row: Annotated[int, Query(ge=-1, le=_MAX_NUMBER)] = -1,
    figures: bool = False,
    from_row: Annotated[int, Query(ge=0, le=_MAX_NUMBER, alias="from")] = 0,
) -> View:
    """``from`` is the number of a row of the part, whose page is meant."""
    if from_row:
        page = max(0, from_row - 1 - first) // PAGE_ROWS
    return View(config, split, file, revision, start, first, page, where, sort, down, row, figures)


def _added(column: Text = "", test: Text = "", value: Text = "") -> Condition | None:
    """The condition that the form adds to those in the address, if it is whole."""
    if not column or test not in set(Comparison):
        return None
    comparison = Comparison(test)
    if comparison.takes_value and not value:
        return None
    return Condition(column, comparison, value if comparison.takes_value else "")


ViewDep = Annotated[View, Depends(_view)]
AddedDep = Annotated[Condition | None, Depends(_added)]
