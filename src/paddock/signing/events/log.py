"""All events of a repository in one file: chained, each signed, with the keys that signed them.

Bytes in, values out. The file brings the public halves of its keys so that anybody can see whether
the signatures are right; whose keys count is for the caller, who knows which keys signed the
release. Events are only ever added: each names the one before, and their numbers and times go up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.errors import shown
from paddock.signing.dsse import open_envelope
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.events.event import PAYLOAD_TYPE, Event, parse_event
from paddock.signing.public_keys import PublicKey, key_fingerprint, public_key_in, public_pem
from paddock.signing.signed_json import member, object_in, render

FORMAT = "paddock/lifecycle/v1"
LOG_NAME = "lifecycle.json"
BRANCH = "lifecycle"  # of the repository: main holds exactly what was signed
MAX_LOG_BYTES = 4 << 20
MAX_EVENTS = 1000
MAX_KEYS = 50


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event, the keys that signed it, and its envelope as it is in the file."""

    event: Event
    keyids: frozenset[str]
    envelope: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    """A whole file, every signature of which is right."""

    events: tuple[SignedEvent, ...] = ()
    keys: Mapping[str, PublicKey] | None = None  # by fingerprint

    @property
    def head(self) -> str | None:
        """The digest of the newest event."""
        return self.events[-1].event.digest if self.events else None

    def by(self, trusted: Iterable[str]) -> list[Event]:
        """The events that a key of these fingerprints signed."""
        counted = set(trusted)
        return [signed.event for signed in self.events if signed.keyids & counted]


def parse_log(raw: bytes) -> Log:
    """The events in ``raw``; raises BadSignature for a file in which anything is wrong."""
    if len(raw) > MAX_LOG_BYTES:
        raise BadSignature(f"{LOG_NAME} is larger than {MAX_LOG_BYTES} bytes")
    document = object_in(raw, LOG_NAME)
    if document.get("format") != FORMAT or set(document) != {"format", "keys", "events"}:
        raise BadSignature(f"{LOG_NAME} has the format {shown(document.get('format'))}")
    keys = _keys(member(document, "keys", list))
    envelopes = member(document, "events", list)
    if len(envelopes) > MAX_EVENTS:
        raise BadSignature(f"{LOG_NAME} holds {len(envelopes)} events")
    events = tuple(_signed(item, keys) for item in envelopes)
    _check_chain([signed.event for signed in events])
    return Log(events, keys)


def render_log(log: Log) -> bytes:
    """The bytes of the file."""
    keys = log.keys or {}
    return render(
        {
            "format": FORMAT,
            "keys": [public_pem(keys[keyid]).decode() for keyid in sorted(keys)],
            "events": [signed.envelope for signed in log.events],
        }
    )


def extended(log: Log, envelope: bytes, key: PublicKey) -> Log:
    """The log with one more event, signed by ``key``; raises BadSignature where it does not fit."""
    keys = {**(log.keys or {}), key_fingerprint(key): key}
    signed = _signed(object_in(envelope, "the envelope"), keys)
    made = Log((*log.events, signed), keys)
    _check_chain([each.event for each in made.events])
    return made


def continues(newer: Log, head: str | None) -> bool:
    """Whether a log still holds everything up to the event that was the newest before."""
    return head is None or any(signed.event.digest == head for signed in newer.events)


def _keys(items: Sequence[Any]) -> dict[str, PublicKey]:
    if len(items) > MAX_KEYS or not all(isinstance(item, str) for item in items):
        raise BadSignature(f"{LOG_NAME} holds {len(items)} keys")
    try:
        keys = [public_key_in(item.encode(), LOG_NAME) for item in items]
    except BadKey as e:
        raise BadSignature(e.message) from e
    return {key_fingerprint(key): key for key in keys}


def _signed(item: Any, keys: Mapping[str, PublicKey]) -> SignedEvent:
    if not isinstance(item, dict):
        raise BadSignature(f"an event of {LOG_NAME} is {shown(item)}")
    opened = open_envelope(render(item), PAYLOAD_TYPE, keys.values())
    return SignedEvent(parse_event(opened.payload), opened.keyids, item)


def _check_chain(events: Sequence[Event]) -> None:
    before: Event | None = None
    for number, event in enumerate(events, 1):
        if event.number != number:
            raise BadSignature(f"event {number} of {LOG_NAME} says that it is {event.number}")
        if event.previous != (before.digest if before else None):
            raise BadSignature(f"event {number} of {LOG_NAME} does not follow the one before")
        if before is not None and event.at < before.at:
            raise BadSignature(f"event {number} of {LOG_NAME} is older than the one before")
        before = event
