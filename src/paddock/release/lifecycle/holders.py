"""What events mean for whoever holds a release: on this machine, or before they take it.

Pure. Events count when a key that the holder trusts signed them; others are mentioned as what
somebody says. A revoked release is not trusted, however right its signatures are; everything milder
is a note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paddock.signing.events.event import Event
from paddock.signing.events.log import Log
from paddock.signing.events.standing import Standing, standing_of


@dataclass(frozen=True, slots=True)
class Holding:
    """A release as somebody holds it."""

    release: str | None  # SHA-256 of its release.json
    name: str | None
    version: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the holder must be told."""

    standing: Standing
    notes: tuple[str, ...] = ()

    @property
    def is_revoked(self) -> bool:
        return self.standing.is_revoked


def tell_holder(log: Log, holding: Holding, trusted: Iterable[str]) -> Told:
    """How the release stands by events of trusted keys (fingerprints)."""
    counted = log.by(trusted)
    standing = _standing(counted, holding)
    others = [signed.event for signed in log.events if signed.event not in counted]
    heard = _standing(others, holding)
    notes = list(standing.sentences) if not standing.is_revoked else standing.sentences[1:]
    notes += [f"somebody whom you do not trust says: {sentence}" for sentence in heard.sentences]
    return Told(standing, tuple(notes))


def _standing(events: Iterable[Event], holding: Holding) -> Standing:
    return standing_of(
        events,
        release=holding.release,
        name=holding.name,
        version=holding.version,
    )
