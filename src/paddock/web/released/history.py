"""What was announced of a repository's releases, in the order in which it holds.

Pure. Events are signed by a key that signed the release they name; an older hub's rows count, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from paddock.signing.events.event import Event

_BAD = {"yank", "revoke"}


class Entry(NamedTuple):
    """A line of the history."""

    at: datetime  # from when on it holds
    said_at: datetime
    sentence: str
    reason: str
    is_bad: bool
    is_coming: bool


def history_of(events: Iterable[Event], now: datetime) -> list[Entry]:
    """All events, the latest first."""
    entries = [
        Entry(
            event.effective or event.at,
            event.at,
            event.sentence,
            event.reason if event.kind == "stage" else "",
            event.kind in _BAD,
            (event.effective or event.at) > now,
        )
        for event in events
    ]
    return sorted(entries, reverse=True)
