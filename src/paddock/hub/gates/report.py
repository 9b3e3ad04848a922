"""Everyone who ever asked for access to a repository, as one file: the Hub's JSON, or CSV.

Pure. What people answer does not run in the program that opens a table (``hub.csv_rows``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from paddock import clock
from paddock.hub import csv_rows
from paddock.hub.gates.lists import Request

COLUMNS = (
    "user",
    "fullname",
    "email",
    "time",
    "status",
    "reviewedAt",
    "reviewedBy",
    "expiresAt",
    "rejectionReason",
    "appeal",
    "rule",
    "fields",
)


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
    if request.expires_at is not None:
        told["expiresAt"] = clock.to_text(request.expires_at)
    told |= {key: text for key, text in _said(request).items() if text is not None}
    if request.fields:
        told["fields"] = request.fields
    return told


def _said(request: Request) -> dict[str, str | None]:
    return {
        "rejectionReason": request.reason,
        "appeal": request.appeal,
        "rule": request.rule,
    }


def as_json(requests: Iterable[Request]) -> Iterator[bytes]:
    """A list, in pieces."""
    return json_list(map(entry, requests))


def json_list(entries: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Any objects as a list, one a line, in pieces."""
    before = "[\n"
    for one in entries:
        yield (before + json.dumps(one, ensure_ascii=False)).encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def as_csv(requests: Iterable[Request]) -> Iterator[bytes]:
    """A table with a row for each, in pieces."""
    yield csv_rows.row(COLUMNS)
    for request in requests:
        told = entry(request)
        fields = told.get("fields")
        told["fields"] = json.dumps(fields, ensure_ascii=False) if fields else None
        yield csv_rows.row([told.get(column) for column in COLUMNS])
