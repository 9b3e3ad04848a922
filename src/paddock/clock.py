"""The time, in one place, so that a test can hold it still.

Every moment in paddock is an aware UTC ``datetime``; text form is the Hub's
(``2026-11-20T12:00:00.000Z``).
"""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Millisecond ISO 8601 with ``Z``, as the Hub writes it."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
