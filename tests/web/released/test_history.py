"""The history of a release: in the order in which it holds, with what is still to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from paddock.signing.events.event import Event
from paddock.web.released.history import history_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_events_are_told_from_the_latest_on_and_what_is_announced_is_marked() -> None:
    day = timedelta(days=1)
    events = [
        Event("stage", 1, "m", "1", "a" * 64, "first the invited", NOW - 9 * day, stage="trusted"),
        Event("stage", 2, "m", "1", "a" * 64, "then all", NOW - 8 * day, stage="open",
              effective=NOW + 3 * day),
        Event("revoke", 3, "m", "1", "a" * 64, "privacy", NOW - day),
    ]  # fmt: skip
    told = history_of(events, NOW)
    assert [entry.is_coming for entry in told] == [True, False, False]
    assert [entry.is_bad for entry in told] == [False, True, False]
    assert "the stage is open from" in told[0].sentence
    assert told[0].reason == "then all"
    assert told[1].sentence == "m 1 was revoked on 2026-11-22: privacy"
    assert history_of([], NOW) == []
