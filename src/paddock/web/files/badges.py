"""The verdict on a file in a word for people, and the reasons for it as a page tells them."""

from __future__ import annotations

from typing import Any, NamedTuple

from paddock.hub.scans.report import FileReport, Hears
from paddock.hub.scans.verdicts import CLEAN, QUARANTINE, QUEUED, REJECT, UNSCANNED


class Badge(NamedTuple):
    """A verdict in a word for people; ``style`` is a class of the stylesheet."""

    word: str
    style: str
    meaning: str


_BADGES = {
    REJECT: Badge("unsafe", "bad", "A scan rejected this file."),
    QUARANTINE: Badge("suspicious", "doubtful", "A person should look at this file before use."),
    UNSCANNED: Badge("not scanned", "quiet", "This file could not be scanned."),
    QUEUED: Badge("scan waits", "quiet", "This file waits for its scan."),
    CLEAN: Badge("safe", "", "A scan found nothing against this file."),
}


def badge_of(one: FileReport) -> Badge:
    """The badge of a file."""
    if one.verdict == REJECT and one.override is not None:
        return Badge("unsafe, allowed", "doubtful", "An administrator allowed this rejected file.")
    return _BADGES[one.verdict]


def told_reasons(one: FileReport, hears: Hears) -> list[dict[str, Any]]:
    """The reasons, the worst first, as they stand on a page."""
    return [hears.tell(reason) for reason in one.reasons]
