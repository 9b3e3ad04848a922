"""Entries of the audit log in words: who, what, on what, with which details."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.entries import Entry

_SUBJECTS = ("actor", "way", "address", "repository", "subject")
_SENTENCES = {act.value: act.sentence for act in Act}


class Told(NamedTuple):
    """One entry as a row of a page."""

    seq: int
    happened_at: datetime
    who: str | None  # None: nobody in particular, or erased
    way: str | None
    address: str | None
    act: str
    sentence: str
    repository: str | None
    subject: str | None
    details: list[tuple[str, str]]
    erased: list[str]


def in_words(entries: Iterable[Entry], hidden: Collection[str] = ()) -> list[Told]:
    """Rows of a page, without the hidden fields."""
    return [_told(entry, hidden) for entry in entries]


def acts() -> list[tuple[str, str]]:
    """Every act with its sentence, for a filter."""
    return [(act.value, act.sentence) for act in Act]


def _told(entry: Entry, hidden: Collection[str]) -> Told:
    fields = {name: value for name, value in entry.fields.items() if name not in hidden}
    details = [(k, _text(v)) for k, v in sorted(fields.items()) if k not in _SUBJECTS]
    return Told(
        entry.seq,
        entry.happened_at,
        fields.get("actor"),
        fields.get("way"),
        fields.get("address"),
        entry.act,
        _SENTENCES.get(entry.act, entry.act),
        fields.get("repository"),
        fields.get("subject"),
        details,
        [name for name in entry.erased if name not in hidden],
    )


def _text(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
