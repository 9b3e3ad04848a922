"""Parquet files without a field: a column, or a field of nested records.

A name that is a column's whole name means that column; else its dots lead into records, and a list
on the way means each of its items. The file is written anew, group by group: no page, statistic,
dictionary or metadata of the source is kept, so nothing of the field is left in any of them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from paddock.errors import shown
from paddock.release.errors import WithholdingRefused
from paddock.release.withholding.data_fields import Wanted, Writer
from paddock.release.withholding.parquet_file import (
    bare_schema,
    codec_of,
    group_tables,
    opened_parquet,
    write_groups,
)


class _Target(NamedTuple):
    """A field, by the names that lead to it."""

    path: tuple[str, ...]
    wanted: Wanted


def parquet_without(file: BinaryIO, where: str, write: Writer, wanted: list[Wanted]) -> None:
    """The reader of Parquet for ``without_fields``; raises WithholdingRefused."""
    with opened_parquet(file, where) as table:
        schema = bare_schema(table.schema_arrow)
        targets = [_Target(_found(schema, each.name, where), each) for each in wanted]
        groups = (_stripped(group, targets, where) for group in group_tables(table))
        empty = _stripped(schema.empty_table(), targets, where)
        write_groups(groups, empty.schema, codec_of(table), write)


def parquet_problem(path: Path, name: str) -> tuple[str, str] | None:
    """Why the field cannot be withheld, and what to do; None when it can."""
    with path.open("rb") as file:
        try:
            with opened_parquet(file, path.name) as table:
                schema = bare_schema(table.schema_arrow)
                target = _Target(_found(schema, name, path.name), Wanted(name, "drop"))
                _stripped(schema.empty_table(), [target], path.name)
        except WithholdingRefused as e:
            return e.message, e.hint or "name a field that is there"
    return None


def row_texts(file: BinaryIO, where: str) -> Iterator[bytes]:
    """Every row as a line of JSON, metadata of the file and its fields before them."""
    import json

    with opened_parquet(file, where) as table:
        said = {**(table.metadata.metadata or {}), **(table.schema_arrow.metadata or {})}
        for key, value in said.items():
            yield b"%s: %s\n" % (key, value)
        yield str(table.schema_arrow.to_string(show_field_metadata=True)).encode() + b"\n"
        for group in group_tables(table):
            for row in zip(*(column for column in group.columns), strict=True):
                plain = {n: _plain(v) for n, v in zip(group.column_names, row, strict=True)}
                yield json.dumps(plain, ensure_ascii=False).encode() + b"\n"


def _found(schema: Any, name: str, where: str) -> tuple[str, ...]:
    """The names that lead to the field, from the columns down."""
    import pyarrow as pa

    if name in schema.names:
        return (name,)
    path, type_ = tuple(name.split(".")), pa.struct(list(schema))
    for step in path:
        while _is_list(type_):
            type_ = type_.value_type
        if not pa.types.is_struct(type_) or type_.get_field_index(step) < 0:
            known = f"its columns: {', '.join(map(shown, schema.names[:20]))}"
            raise WithholdingRefused(f"{where} has no field {shown(name)}", hint=known)
        type_ = type_.field(step).type
    return path


def _stripped(table: Any, targets: list[_Target], where: str) -> Any:
    """The table without the fields; what they held is noted."""
    import pyarrow as pa

    for target in targets:
        name, *below = target.path
        column = table.column(name).combine_chunks()
        at, field = table.column_names.index(name), table.schema.field(name)
        left = _taken(column, below, target.wanted)
        if left is None:
            table = table.remove_column(at)
        else:
            table = table.set_column(at, pa.field(name, left.type, nullable=True), left)
            field = table.schema.field(name)
        if not table.num_columns:
            raise WithholdingRefused(
                f"without {shown(field.name)} nothing of {where} is left",
                hint="withhold the whole file",
            )
    return table


def _taken(values: Any, path: list[str], wanted: Wanted) -> Any | None:
    """What is left of an array without the field at ``path``; None when it goes whole."""
    import pyarrow as pa

    if not path:
        for value in values:
            wanted.lost.note(_plain(value))
        return None if wanted.replace == "drop" else pa.nulls(len(values), values.type)
    if _is_list(values.type):
        return _in_lists(values, path, wanted)
    children = dict(zip([f.name for f in values.type], values.flatten(), strict=True))
    there = children[path[0]].filter(values.is_valid())
    if len(path) == 1:  # what is under a record that is not there was never said
        for value in there:
            wanted.lost.note(_plain(value))
        empty = pa.nulls(len(values), children[path[0]].type)
        left = None if wanted.replace == "drop" else empty
    else:
        left = _taken(children[path[0]], path[1:], wanted)
    if left is None:
        del children[path[0]]
    else:
        children[path[0]] = left
    if not children:
        raise WithholdingRefused(
            f"without {shown(wanted.name)} its record is empty", hint="withhold the record instead"
        )
    fields = [pa.field(n, array.type, nullable=True) for n, array in children.items()]
    return pa.StructArray.from_arrays(list(children.values()), fields=fields, mask=values.is_null())


def _in_lists(values: Any, path: list[str], wanted: Wanted) -> Any:
    """The same lists with items that lost the field; every list becomes one of any length."""
    import pyarrow as pa
    import pyarrow.compute as pc

    left = _taken(values.flatten(), path, wanted)
    lengths = pc.fill_null(pc.list_value_length(values), 0)
    ends = pc.cumulative_sum(pc.cast(lengths, pa.int64()))
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends])
    return pa.LargeListArray.from_arrays(offsets, left, mask=values.is_null())


def _is_list(type_: Any) -> bool:
    import pyarrow as pa

    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(is_kind(type_) for is_kind in kinds)


def _plain(value: Any) -> Any:
    """A value of Arrow as JSON can say it, the same in every version: bytes in base64."""
    import pyarrow as pa

    type_ = value.type
    if not value.is_valid:
        return None
    if pa.types.is_dictionary(type_):
        return _plain(value.value)
    if isinstance(type_, pa.BaseExtensionType):
        return _plain(value.value)
    if pa.types.is_struct(type_):
        return {name: _plain(value[at]) for at, name in enumerate(f.name for f in type_)}
    if pa.types.is_map(type_):
        return [[_plain(item[0]), _plain(item[1])] for item in value.values]
    if _is_list(type_):
        return [_plain(item) for item in value.values]
    if pa.types.is_temporal(type_):
        return value.value if hasattr(value, "value") else str(value)
    found = value.as_py()
    if isinstance(found, bytes):
        return base64.b64encode(found).decode()
    return found if isinstance(found, str | int | float | bool) else str(found)
