"""Everyone who ever asked for access to a repository, as one file: the Hub's JSON, or CSV.

Pure. A cell of a table that begins like a formula is kept from being one: what people answer must
not run in the program that opens the file.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from paddock import clock
from paddock.hub.gates.lists import Request

COLUMNS = ("user", "fullname", "email", "time", "status", "reviewedAt", "reviewedBy", "fields")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def entry(request: Request) -> dict[str, Any]:
    """A request, as the report tells of it."""
    told: dict[str, Any] = {
        "user": request.user.name,
        "fullname": request.user.full_name,
        "email": request.email,
        "time": clock.to_text(request.asked_at),
        "status": request.status,
    }
    if request.reviewed_at is not None:
        told["reviewedAt"] = clock.to_text(request.reviewed_at)
    if request.reviewer is not None:
        told["reviewedBy"] = request.reviewer
    if request.fields:
        told["fields"] = request.fields
    return told


def as_json(requests: Iterable[Request]) -> Iterator[bytes]:
    """A list, in pieces."""
    before = "[\n"
    for request in requests:
        yield (before + json.dumps(entry(request), ensure_ascii=False)).encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def as_csv(requests: Iterable[Request]) -> Iterator[bytes]:
    """A table with a row for each, in pieces."""
    yield _row(COLUMNS)
    for request in requests:
        told = entry(request)
        fields = told.get("fields")
        told["fields"] = json.dumps(fields, ensure_ascii=False) if fields else None
        yield _row([_cell(told.get(column)) for column in COLUMNS])


def _cell(value: str | None) -> str:
    text = (value or "").replace("\0", "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
