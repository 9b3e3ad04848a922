"""Data files without a field: JSON, JSON Lines and CSV row by row, and Parquet.

A field is a column, or a name with dots into nested objects; a list on the way means each of its
items. A line of JSON without the field is copied byte for byte, everything else is written anew.
Memory holds one row, and a JSON file, which has no rows, whole: both are bounded. Parquet has
``parquet_fields``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import MAX_FILE_BYTES, parse_object
from paddock.release.errors import WithholdingRefused
from paddock.release.spec.components import Replacement

MAX_ROW_BYTES = 16 << 20
PARQUET = ".parquet"


@dataclass(slots=True)
class Lost:
    """What a field held: how often it was there, and the digest of all its values in order."""

    rows: int = 0
    size_bytes: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def note(self, value: object) -> None:
        """One value, as JSON in one spelling; a line each."""
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        line = text.encode() + b"\n"
        self.digest.update(line)
        self.size_bytes += len(line)
        self.rows += 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that goes, and what is left in its place."""

    name: str
    replace: Replacement  # drop: not even its name; zero: null, in CSV nothing
    lost: Lost = field(default_factory=Lost)


Writer = Callable[[bytes], object]


def suffix_of(path: str) -> str:
    """The ending that says how a data file is written."""
    name = path.rpartition("/")[2].lower()
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def without_fields(source: Path, write: Writer, wanted: list[Wanted]) -> None:
    """Hand ``source`` without the fields to ``write``; what they held is noted in ``wanted``.

    Raises WithholdingRefused for rows that are not what the ending says, and for a field that no
    row has.
    """
    with source.open("rb") as file:
        try:
            FIELD_READERS[suffix_of(source.name)](file, source.name, write, wanted)
        except RecursionError:
            raise WithholdingRefused(f"{source.name} is nested absurdly deep") from None
    for each in wanted:
        if not each.lost.rows:
            raise WithholdingRefused(
                f"{source.name} has no field {each.name!r:.80}",
                hint="name a field that is there, with dots into nested objects",
            )


def has_column(path: Path, name: str) -> bool:
    """Whether a CSV file's header names the column."""
    with path.open("rb") as file:
        try:
            return name in next(_csv_rows(file, path.name), [])
        except WithholdingRefused:
            return False


def _json_lines(file: BinaryIO, where: str, write: Writer, wanted: list[Wanted]) -> None:
    for number, line in enumerate(_lines(file, where), 1):
        if not line.strip():
            write(line)
            continue
        row = _parsed(line, f"{where}:{number}")
        if any([_take(row, each.name.split("."), each) for each in wanted]):
            line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        write(line)


def _json_file(file: BinaryIO, where: str, write: Writer, wanted: list[Wanted]) -> None:
    raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise WithholdingRefused(
            f"{where} is larger than {MAX_FILE_BYTES} bytes", hint="write its rows as JSON Lines"
        )
    # The one strict reader takes objects: a list of rows is put into one.
    wrapped = _parsed(b'{"rows":' + raw + b"}", where)
    document = wrapped["rows"]
    if len(wrapped) > 1 or not isinstance(document, dict | list):
        raise WithholdingRefused(f"{where} holds neither an object nor a list of them")
    if any([_take(document, each.name.split("."), each) for each in wanted]):
        raw = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
    write(raw)


def _csv_file(file: BinaryIO, where: str, write: Writer, wanted: list[Wanted]) -> None:
    rows = _csv_rows(file, where)
    header = next(rows, [])
    for each in wanted:
        if header.count(each.name) != 1:
            raise WithholdingRefused(f"{where} has not one column {each.name!r:.80}")
    places = {header.index(each.name): each for each in wanted}
    gone = {place for place, each in places.items() if each.replace == "drop"}
    write(_csv_line([name for at, name in enumerate(header) if at not in gone]))
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise WithholdingRefused(
                f"{where}, row {number}, has {len(row)} values, the header {len(header)}"
            )
        for place, each in places.items():
            each.lost.note(row[place])
            row[place] = ""
        write(_csv_line([value for at, value in enumerate(row) if at not in gone]))


def _parquet_file(file: BinaryIO, where: str, write: Writer, wanted: list[Wanted]) -> None:
    from paddock.release.withholding.parquet_fields import parquet_without  # it builds on this

    parquet_without(file, where, write, wanted)


FIELD_READERS: dict[str, Callable[[BinaryIO, str, Writer, list[Wanted]], None]] = {
    ".json": _json_file,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv_file,
    PARQUET: _parquet_file,
}


def _take(value: Any, path: list[str], wanted: Wanted) -> bool:
    """Remove or empty the field wherever it is; whether it was there."""
    if isinstance(value, list):
        return any([_take(item, path, wanted) for item in value])
    if not isinstance(value, dict) or path[0] not in value:
        return False
    if len(path) > 1:
        return _take(value[path[0]], path[1:], wanted)
    wanted.lost.note(value[path[0]])
    if wanted.replace == "drop":
        del value[path[0]]
    else:
        value[path[0]] = None
    return True


def _parsed(raw: bytes, where: str) -> Any:
    try:
        return parse_object(raw, where, BadCheckpoint)
    except BadCheckpoint as e:
        raise WithholdingRefused(e.message, hint="a row must be one JSON object") from e


def _lines(file: BinaryIO, where: str) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(line) > MAX_ROW_BYTES:
            raise WithholdingRefused(f"{where}:{number} is longer than {MAX_ROW_BYTES} bytes")
        yield line


def _csv_rows(file: BinaryIO, where: str) -> Iterator[list[str]]:
    row_bytes = 0  # quoted line ends make one row of many lines

    def texts() -> Iterator[str]:
        nonlocal row_bytes
        for number, line in enumerate(_lines(file, where), 1):
            row_bytes += len(line)
            if row_bytes > MAX_ROW_BYTES:
                raise WithholdingRefused(
                    f"the row that ends after {where}:{number} is longer than {MAX_ROW_BYTES} bytes"
                )
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as e:
                raise WithholdingRefused(f"{where}:{number} is not UTF-8") from e

    rows = csv.reader(texts(), strict=True)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as e:
            raise WithholdingRefused(f"{where}:{rows.line_num}: {e}") from e
        if row is None:
            return
        row_bytes = 0
        if row:
            yield row


def _csv_line(values: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode()
