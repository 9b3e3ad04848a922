"""The fields of a data file, from its first lines.

Pure: the beginning of a file in, names and types out. Only whole lines count; a field is of the
narrowest type that all the lines agree on, and text otherwise. A file whose beginning is not what
its name says has no record set rather than a wrong one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MAX_HEAD_BYTES = 1 << 20
MAX_ROWS = 1000
MAX_FIELDS = 500
MAX_NAME_CHARS = 200

ENCODING_FORMATS = {
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".jsonl": "application/jsonlines",
    ".json": "application/json", ".parquet": "application/x-parquet", ".txt": "text/plain",
    ".md": "text/markdown", ".gz": "application/gzip", ".zip": "application/zip",
}  # fmt: skip
_INTEGER_BOUND = 1 << 63


class Field(NamedTuple):
    """A column, and what is in it."""

    name: str
    data_type: str  # sc:Text, sc:Integer, sc:Float, sc:Boolean
    is_list: bool = False


def suffix_of(path: str) -> str:
    """The last suffix, in lower case."""
    name = path.rpartition("/")[2]
    return f".{name.rpartition('.')[2].lower()}" if "." in name else ""


def fields_of(path: str, head: bytes, *, is_whole: bool) -> tuple[Field, ...]:
    """The fields of a JSON Lines, CSV or TSV file; none for another or a broken one."""
    text = _whole_lines(head[:MAX_HEAD_BYTES], is_whole and len(head) <= MAX_HEAD_BYTES)
    if text is None:
        return ()
    match suffix_of(path):
        case ".jsonl":
            rows = list(_json_rows(text))
        case ".csv":
            rows = _csv_rows(text, ",")
        case ".tsv":
            rows = _csv_rows(text, "\t")
        case _:
            return ()
    return _fields(rows)


def _whole_lines(head: bytes, is_whole: bool) -> str | None:
    if not is_whole:
        head = head[: head.rfind(b"\n") + 1]
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _json_rows(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines()[:MAX_ROWS]:
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                return
            if not isinstance(row, dict):
                return
            yield row


def _csv_rows(text: str, delimiter: str) -> list[Mapping[str, Any]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [line for line, _ in zip(reader, range(MAX_ROWS), strict=False)]
    except csv.Error:
        return []
    if not lines or len(set(lines[0])) != len(lines[0]):
        return []
    head = lines[0]
    rows: list[Mapping[str, Any]] = [
        dict(zip(head, map(_scalar, line), strict=True))
        for line in lines[1:]
        if len(line) == len(head)
    ]
    return rows or [dict.fromkeys(head)]


def _scalar(cell: str) -> Any:
    if cell == "":
        return None
    if cell in {"true", "false", "True", "False"}:
        return cell.lower() == "true"
    for kind in (int, float):
        try:
            return kind(cell) if len(cell) <= 40 else cell
        except ValueError:
            continue
    return cell


def _fields(rows: list[Mapping[str, Any]]) -> tuple[Field, ...]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > MAX_FIELDS or any(not 0 < len(name) <= MAX_NAME_CHARS for name in names):
        return ()
    return tuple(_field(name, [row.get(name) for row in rows]) for name in names)


def _field(name: str, values: list[Any]) -> Field:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, list) for value in known):
        return Field(name, _type([item for value in known for item in value]), is_list=True)
    return Field(name, _type(known))


def _type(values: list[Any]) -> str:
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return "sc:Boolean"
    if kinds == {int} and all(-_INTEGER_BOUND <= value < _INTEGER_BOUND for value in values):
        return "sc:Integer"
    if kinds and kinds <= {int, float}:
        return "sc:Float"
    return "sc:Text"
