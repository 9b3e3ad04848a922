"""What a list of events comes to for one release, and which stage holds when.

Pure. What is worst counts: nothing makes a revoked release good again, and a later deprecation does
not soften a yank.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from paddock.clock import to_text
from paddock.signing.events.event import Event

State = Literal["current", "superseded", "deprecated", "yanked", "revoked"]
_STATE: dict[str, State] = {
    "supersede": "superseded", "deprecate": "deprecated", "yank": "yanked", "revoke": "revoked",
}  # fmt: skip
_ORDER: tuple[State, ...] = ("current", "superseded", "deprecated", "yanked", "revoked")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a release stands, and the events that say so, the worst first."""

    state: State = "current"
    events: tuple[Event, ...] = ()

    @property
    def is_revoked(self) -> bool:
        return self.state == "revoked"

    @property
    def sentences(self) -> list[str]:
        """One for each event."""
        return [event.sentence for event in self.events]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"state": self.state, "events": [event_json(event) for event in self.events]}


def standing_of(
    events: Iterable[Event], *, release: str | None, name: str | None, version: str | None
) -> Standing:
    """How the release with this release.json stands; an advisory may name its version besides."""
    concerned = [event for event in events if _concerns(event, release, name, version)]
    if not concerned:
        return Standing()
    worst = sorted(concerned, key=lambda e: (_ORDER.index(_STATE[e.kind]), e.number), reverse=True)
    return Standing(_STATE[worst[0].kind], tuple(worst))


def stage_at(events: Iterable[Event], now: datetime) -> Event | None:
    """The event whose stage holds: the last that has begun; of two at once the later signed."""
    begun = [event for event in events if event.kind == "stage" and _begins(event) <= now]
    return max(begun, key=lambda event: (_begins(event), event.number), default=None)


def stages_to_come(events: Iterable[Event], now: datetime) -> list[Event]:
    """What is announced and has not begun, in order."""
    coming = [event for event in events if event.kind == "stage" and _begins(event) > now]
    return sorted(coming, key=lambda event: (_begins(event), event.number))


def event_json(event: Event) -> dict[str, Any]:
    """An event for programs."""
    said = {
        "kind": event.kind,
        "number": event.number,
        "name": event.name,
        "version": event.version,
        "release": event.release,
        "reason": event.reason,
        "at": to_text(event.at),
        "replacement": event.replacement,
        "advisory": event.advisory.to_json() if event.advisory else None,
        "stage": event.stage,
        "effective": to_text(event.effective) if event.effective else None,
        "sentence": event.sentence,
    }
    return {key: value for key, value in said.items() if value is not None}


def _begins(event: Event) -> datetime:
    return event.effective or event.at


def _concerns(event: Event, release: str | None, name: str | None, version: str | None) -> bool:
    if event.kind not in _STATE:
        return False
    if release is not None and event.release == release:
        return True
    also = event.advisory.affected if event.advisory else ()
    return name == event.name and version is not None and version in also
