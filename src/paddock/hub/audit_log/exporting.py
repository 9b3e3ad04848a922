"""The log as lines of JSON: entries in order, then every checkpoint, to be verified elsewhere.

The first line says what the file is, where it begins, and the key of the checkpoints. Reading such
a file is bounded by line; whatever is no line of ours fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from paddock.errors import BadInput
from paddock.hub.audit_log.checkpoints import Signed, list_checkpoints, public_key
from paddock.hub.audit_log.entries import Entry
from paddock.hub.audit_log.reading import every_entry, first_since
from paddock.storage.database import Database

FORMAT = "paddock-audit-log-1"
MAX_LINE_BYTES = 1 << 20


class BadLog(BadInput):
    """The file is no exported audit log."""

    code = "bad_audit_log"


class Head(NamedTuple):
    """The first line of a file."""

    start: int
    key: str


def export(database: Database, since: datetime | None = None) -> Iterator[bytes]:
    """The lines, of all entries or of those since a moment."""
    with database.read() as conn:
        start = 1 if since is None else first_since(conn, since)
    head = {"format": FORMAT, "start": start or 1, "key": public_key(database)}
    yield orjson.dumps(head) + b"\n"
    last = 0
    if start is not None:
        for entry in every_entry(database, start):
            last = entry.seq
            yield orjson.dumps(entry.to_json()) + b"\n"
    with database.read() as conn:
        for signed in list_checkpoints(conn):
            if (start or 1) <= signed.seq <= last:
                yield orjson.dumps({"checkpoint": signed.to_json()}) + b"\n"


def read_head(path: Path) -> Head:
    """What a file says it is; raises BadLog."""
    for found in _lines(path):
        match found:
            case {"format": "paddock-audit-log-1", "start": int(start), "key": str(key)}:
                return Head(start, key)
        break
    raise BadLog(f"{path.name} is no exported audit log", hint="make one: paddock admin log export")


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries of a file; raises BadLog."""
    for number, found in enumerate(_lines(path), 1):
        if "seq" in found:
            yield _entry(found, number)


def read_checkpoints(path: Path) -> list[Signed]:
    """The checkpoints of a file; raises BadLog."""
    made = []
    for number, found in enumerate(_lines(path), 1):
        if "checkpoint" in found:
            made.append(_checkpoint(found["checkpoint"], number))
    return made


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            try:
                found = orjson.loads(line) if len(line) <= MAX_LINE_BYTES else None
            except orjson.JSONDecodeError:
                found = None
            if not isinstance(found, dict):
                raise BadLog(f"line {number} of {path.name} is no line of an audit log")
            yield found


def _entry(found: dict[str, Any], number: int) -> Entry:
    try:
        ids = (found["actor"], found["repository"], found["account"])
        entry = Entry(
            found["seq"],
            _moment(found["moment"]),
            found["act"],
            *ids,
            *(found[name] for name in ("fields", "salts", "seals", "previous", "hash")),
        )
    except (KeyError, TypeError, ValueError) as e:
        raise BadLog(f"line {number} is no entry of an audit log") from e
    texts = (entry.act, entry.previous, entry.hash, *entry.salts.values(), *entry.seals.values())
    numbers = (entry.seq, *(i for i in ids if i is not None))
    if not all(type(t) is str for t in texts) or not all(type(n) is int for n in numbers):
        raise BadLog(f"line {number} is no entry of an audit log")
    return entry


def _checkpoint(found: Any, number: int) -> Signed:
    match found:
        case {"seq": int(seq), "hash": str(hash_), "made_at": str(made_at), "signature": str(sig)}:
            return Signed(seq, hash_, _moment(made_at), sig)
    raise BadLog(f"line {number} is no checkpoint of an audit log")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
