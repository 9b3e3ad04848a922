"""Acceptances of terms as one file: JSON, or CSV with one row for each.

Pure. Texts are told by their hashes; ``acceptances.accepted_words`` has their words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from paddock import clock
from paddock.hub import csv_rows
from paddock.hub.gates.acceptances import Acceptance
from paddock.hub.gates.report import json_list

COLUMNS = ("time", "user", "version", "revision", "termsSha256", "texts")


def entry(acceptance: Acceptance) -> dict[str, Any]:
    """An acceptance, as files and the API tell of it."""
    return {
        "time": clock.to_text(acceptance.accepted_at),
        "user": acceptance.user,
        "version": acceptance.version,
        "revision": acceptance.commit_oid,
        "termsSha256": acceptance.digest,
        "texts": acceptance.texts,
    }


def as_json(acceptances: Iterable[Acceptance]) -> Iterator[bytes]:
    """A list, in pieces."""
    return json_list(map(entry, acceptances))


def as_csv(acceptances: Iterable[Acceptance]) -> Iterator[bytes]:
    """A table, in pieces."""
    yield csv_rows.row(COLUMNS)
    for acceptance in acceptances:
        told = entry(acceptance)
        told["texts"] = " ".join(
            f"{text['path'] or text['licence'] or text['name']}={text['sha256'] or 'by its name'}"
            for text in acceptance.texts
        )
        yield csv_rows.row([told[column] for column in COLUMNS])
