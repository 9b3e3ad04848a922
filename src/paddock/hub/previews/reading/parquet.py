"""Parquet: the footer, then of the groups of rows that are asked for the columns that are shown.

The thin file around pyarrow, which is C++ that reads a stranger's bytes: it runs in the sealed
process alone. Rows are read forward in small batches, and a reader that stands where the next page
begins goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from paddock.hub.previews.answers import Column, Holds, Part, Told
from paddock.hub.previews.questions import PAGE_ROWS, Question
from paddock.hub.previews.reading.bounds import (
    FOOTER_BYTES,
    MAX_COLUMNS,
    Unreadable,
    rows_of,
)
from paddock.hub.previews.reading.parts import Kept, LoadedPart, named
from paddock.hub.previews.reading.source import Source
from paddock.hub.previews.reading.values import Value, bounded, text_of, value_of

_BATCH_ROWS = 100
_BUFFER_BYTES = 1 << 20  # of each column that is read
_MAX_GROUPS = 1000  # whose own figures are looked at
_MAX_TOLD_CHARS = 100
_MAGIC, _ENCRYPTED, _TAIL_BYTES = b"PAR1", b"PARE", 8
_UNHELD = (ValueError, OverflowError, KeyError, OSError, ImportError)
_PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}


class ParquetFile:
    """An open file, and how far a reader of its rows has come."""

    def __init__(self, source: Source) -> None:
        import pyarrow.parquet as pq

        _require_footer(source)
        self._source = source
        with _refusing(source):
            self._file = pq.ParquetFile(
                source,
                pre_buffer=False,
                buffer_size=_BUFFER_BYTES,
                thrift_string_size_limit=FOOTER_BYTES,
                thrift_container_size_limit=1_000_000,
            )
            self._starts = _starts(self._file.metadata)
            schema = self._file.schema_arrow
        self._names: list[str] = list(schema.names)[:MAX_COLUMNS]
        self.columns = tuple(_column(schema.field(i)) for i in range(len(self._names)))
        self.limit_rows = rows_of(len(self._names))
        self.notes: tuple[str, ...] = ()
        if len(schema.names) > len(self._names):
            message = f"{len(schema.names)} columns are in the file; the first {MAX_COLUMNS} "
            self.notes = (message + "are shown.",)
        self._rows: Iterator[list[Value]] = iter(())
        self._at = self.total_rows  # the row that comes next

    @property
    def total_rows(self) -> int:
        return self._starts[-1]

    def page(self, question: Question, page: int) -> LoadedPart:
        """One page of rows, counted from the question's start to the end of the file."""
        first = question.start + page * PAGE_ROWS
        rows = self._read(first, Kept(PAGE_ROWS, math.inf))  # a page is whole, or nothing
        part = Part(
            start=question.start,
            first_row=question.first_row or question.start,
            rows=max(0, self.total_rows - question.start),
            next_start=None,
            limit_rows=self.limit_rows,
            total_rows=self.total_rows,
        )
        return LoadedPart(
            self.columns, rows, part, first - question.start, is_all_read=False, notes=self.notes
        )

    def part(self, question: Question) -> LoadedPart:
        """All rows of the part that begins at the question's start."""
        rows = self._read(question.start, Kept(self.limit_rows))
        end = question.start + len(rows)
        part = Part(
            start=question.start,
            first_row=question.first_row or question.start,
            rows=len(rows),
            next_start=end if rows and end < self.total_rows else None,
            limit_rows=self.limit_rows,
            total_rows=self.total_rows,
        )
        return LoadedPart(self.columns, rows, part, notes=self.notes)

    def told(self) -> list[Told | None]:
        """What the file says of each column, in its groups' own figures."""
        with _refusing(self._source):
            return [self._told(name) for name in self._names]

    def _read(self, first: int, kept: Kept) -> list[list[Value]]:
        with _refusing(self._source):
            if not self._at <= first or self._group_of(self._at) != self._group_of(first):
                self._rows, self._at = self._from_group(self._group_of(first))
            for row in self._rows:
                self._at += 1
                if self._at > first:
                    kept.add(row)
                if kept.is_full:
                    break
        return kept.rows

    def _group_of(self, row: int) -> int:
        ends = self._starts[1:]
        return next((g for g, end in enumerate(ends) if row < end), len(ends))

    def _from_group(self, group: int) -> tuple[Iterator[list[Value]], int]:
        groups = range(group, len(self._starts) - 1)
        return self._rows_of(groups), self._starts[group]

    def _rows_of(self, groups: range) -> Iterator[list[Value]]:
        for group in groups:
            batches = self._file.iter_batches(
                _BATCH_ROWS, row_groups=[group], columns=self._names, use_threads=False
            )
            for batch in batches:
                if batch.num_columns != len(self._names):
                    raise Unreadable("two columns of the file have one name")
                columns = [_values(batch.column(i)) for i in range(batch.num_columns)]
                yield from map(list, zip(*columns, strict=True))

    def _told(self, name: str) -> Told | None:
        meta = self._file.metadata
        places = [i for i in range(meta.num_columns) if meta.schema.column(i).path == name]
        if len(places) != 1 or not meta.num_row_groups or meta.num_row_groups > _MAX_GROUPS:
            return None
        found = [meta.row_group(g).column(places[0]).statistics for g in range(meta.num_row_groups)]
        if any(one is None for one in found):
            return None
        nulls = [one.null_count for one in found if one.has_null_count]
        lows = [one.min for one in found if one.has_min_max]
        highs = [one.max for one in found if one.has_min_max]
        has_all = len(lows) == len(found)
        return Told(
            sum(nulls) if len(nulls) == len(found) else None,
            _said(min(lows)) if has_all else None,
            _said(max(highs)) if has_all else None,
        )


@contextmanager
def _refusing(source: Source) -> Iterator[None]:
    """pyarrow's failures as sentences; what the source refused says it better."""
    import pyarrow as pa

    try:
        yield
    except Unreadable:
        raise
    except MemoryError as e:
        raise Unreadable(
            "a part of this file unpacks to more memory than is spent on showing it"
        ) from e
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, KeyError) as e:
        said = str(e).split("\n", 1)[0][:200]
        raise Unreadable(source.refused or f"this is not usable Parquet: {said}") from e


def _require_footer(source: Source) -> None:
    """Compare what the last bytes claim before anything is read by it."""
    size = source.size_bytes
    tail = source.range(size - _TAIL_BYTES, size) if size >= _TAIL_BYTES else b""
    if tail[4:] == _ENCRYPTED:
        raise Unreadable("the file is encrypted Parquet")
    if tail[4:] != _MAGIC:
        raise Unreadable("this is no Parquet: it does not end as Parquet does")
    footer_bytes = int.from_bytes(tail[:4], "little")
    if footer_bytes > min(FOOTER_BYTES, size - _TAIL_BYTES):
        raise Unreadable(
            f"the footer claims {footer_bytes} bytes, more than the file has or an honest one needs"
        )


def _starts(metadata: Any) -> list[int]:
    """The first row of each group, and behind them the number of all rows."""
    starts = [0]
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if rows < 0:
            raise Unreadable("a group of rows claims fewer than none")
        starts.append(starts[-1] + rows)
    return starts


def _column(field: Any) -> Column:
    return Column(named(field.name), _holds(field.type), named(str(field.type)))


def _holds(type_: Any) -> Holds:
    import pyarrow.types as t

    if t.is_dictionary(type_):
        type_ = type_.value_type
    if t.is_boolean(type_):
        return Holds.TRUTH
    if t.is_integer(type_) or t.is_floating(type_) or t.is_decimal(type_):
        return Holds.NUMBER
    if t.is_temporal(type_):
        return Holds.TIME
    if t.is_struct(type_) and {type_.field(i).name for i in range(type_.num_fields)} == {
        "bytes",
        "path",
    }:
        return Holds.BYTES
    if t.is_nested(type_):
        return Holds.NESTED
    texts = (t.is_string, t.is_large_string, t.is_string_view, t.is_null)
    return Holds.TEXT if any(test(type_) for test in texts) else Holds.BYTES


def _values(array: Any) -> list[Value]:
    try:
        return [value_of(one) for one in array.to_pylist()]
    except _UNHELD:
        return [_value(one) for one in array]


def _value(scalar: Any) -> Value:
    """One value of a column with some that Python cannot hold here: years beyond 9999, nanoseconds,
    and the hours of a zone, which are in a file."""
    try:
        return value_of(scalar.as_py())
    except _UNHELD:
        number, unit = getattr(scalar, "value", None), getattr(scalar.type, "unit", None)
    if not isinstance(number, int) or unit not in _PER_SECOND:
        return "(a value that cannot be shown)"
    try:
        micros = number * 1_000_000 // _PER_SECOND[unit]
        zone = UTC if getattr(scalar.type, "tz", None) else None
        return value_of(datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=micros))
    except OverflowError:
        return bounded(f"{number} {unit}")


def _said(value: Any) -> str:
    text = text_of(value_of(value))
    return text if len(text) <= _MAX_TOLD_CHARS else text[:_MAX_TOLD_CHARS] + "…"
