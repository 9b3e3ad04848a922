"""One event in the life of a release: superseded, deprecated, yanked, revoked, or a new stage.

Pure: values to canonical JSON and back. An event names a release by the digest of its release.json,
so it holds wherever a copy is, and the event before it by its digest, so none can be taken out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from paddock.clock import to_text
from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.signing.errors import BadSignature
from paddock.signing.events.advisory import Advisory, is_plain_text, parse_advisory
from paddock.signing.signed_json import object_in, render

FORMAT = "paddock/lifecycle-event/v1"
PAYLOAD_TYPE = "application/vnd.paddock.lifecycle-event.v1+json"
MAX_EVENT_BYTES = 256 << 10
MAX_REASON_CHARS = 2000
_MAX_NAME_CHARS = 200

Kind = Literal["supersede", "deprecate", "yank", "revoke", "stage"]
# trusted is private, as it was when it was signed; whoever means to invite says invited.
Stage = Literal["internal", "trusted", "invited", "gated", "open"]
KINDS: tuple[Kind, ...] = get_args(Kind)
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to a release, from when on, and why."""

    kind: Kind
    number: int  # from 1
    name: str
    version: str
    release: str  # SHA-256 of its release.json
    reason: str
    at: datetime  # when it was signed
    previous: str | None = None  # digest of the event before
    replacement: str | None = None  # the version that supersedes it
    advisory: Advisory | None = None
    stage: Stage | None = None
    mechanism: str | None = None  # of a stage: how a reader of a gated model gets in
    effective: datetime | None = None  # of a stage: when it begins

    @property
    def digest(self) -> str:
        """What the next event names."""
        return hashlib.sha256(render_event(self)).hexdigest()

    @property
    def sentence(self) -> str:
        """For people, on one line."""
        if self.kind == "stage":
            return f"the stage is {self.stage} from {to_text(self.effective or self.at)}"
        word = {"supersede": "superseded", "deprecate": "deprecated", "yank": "yanked",
                "revoke": "revoked"}[self.kind]  # fmt: skip
        by = f" by {self.replacement}" if self.replacement else ""
        told = f" ({self.advisory.id}: {self.advisory.action})" if self.advisory else ""
        said = f"{self.name} {self.version} was {word}{by} on {self.at:%Y-%m-%d}: {self.reason}"
        return " ".join(f"{said}{told}".split())


def render_event(event: Event) -> bytes:
    """The bytes that are signed: the same for the same event."""
    said: dict[str, Any] = {
        "format": FORMAT,
        "kind": event.kind,
        "number": event.number,
        "name": event.name,
        "version": event.version,
        "release": event.release,
        "reason": event.reason,
        "at": to_text(event.at),
        "previous": event.previous,
        "replacement": event.replacement,
        "advisory": event.advisory.to_json() if event.advisory else None,
        "stage": event.stage,
        "mechanism": event.mechanism,
        "effective": to_text(event.effective) if event.effective else None,
    }
    return render({key: value for key, value in said.items() if value is not None})


def parse_event(payload: bytes) -> Event:
    """The event in signed bytes; BadSignature unless they are what ``render_event`` gives."""
    if len(payload) > MAX_EVENT_BYTES:
        raise BadSignature(f"an event of {len(payload)} bytes")
    said = object_in(payload, "the event")
    if said.pop("format", None) != FORMAT:
        raise BadSignature("an event of an unknown format")
    unknown = set(said) - set(Event.__slots__)
    missing = {"kind", "number", "name", "version", "release", "reason", "at"} - set(said)
    if unknown or missing:
        raise BadSignature(f"an event with wrong keys: {shown(min(unknown | missing))}")
    _check_plain(said)
    _check_kind(said)
    for key in said.keys() & {"at", "effective"}:
        said[key] = _moment(said[key])
    if "advisory" in said:
        if not isinstance(said["advisory"], dict):
            raise BadSignature(f"the advisory is {shown(said['advisory'])}")
        said["advisory"] = parse_advisory(said["advisory"], "the advisory")
    event = Event(**said)
    if render_event(event) != payload:
        raise BadSignature("an event is not written the one way that it is")
    return event


def _check_plain(said: dict[str, Any]) -> None:
    """Texts, digests and the number."""
    for key in ("name", "version", "reason", "replacement", "mechanism"):
        _text(said.get(key), key)
    for key in said.keys() & {"release", "previous"}:
        if not (isinstance(said[key], str) and is_sha256(said[key])):
            raise BadSignature(f"{key} of an event is {shown(said[key])}")
    if type(said["number"]) is not int or not 0 < said["number"] < 1 << 31:
        raise BadSignature(f"the number of an event is {shown(said['number'])}")


def _check_kind(said: dict[str, Any]) -> None:
    kind, stage = said["kind"], said.get("stage")
    if kind not in KINDS:
        raise BadSignature(f"an event of the kind {shown(kind)}")
    if (kind == "stage") != (stage in STAGES) or (kind != "stage" and "effective" in said):
        raise BadSignature(f"an event of the kind {kind} with the stage {shown(stage)}")
    if kind != "stage" and stage is not None:
        raise BadSignature(f"an event of the kind {kind} with a stage")
    if (kind == "supersede") != ("replacement" in said):
        raise BadSignature(f"an event of the kind {kind}: what replaces it is said wrongly")


def _text(value: object, key: str) -> None:
    most = MAX_REASON_CHARS if key == "reason" else _MAX_NAME_CHARS
    if value is None:
        return
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise BadSignature(f"{key} of an event is {shown(value)}")
    if not is_plain_text(value, lines=key == "reason"):
        raise BadSignature(f"{key} of an event holds a control character: {shown(value)}")


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text if isinstance(text, str) else "")
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise BadSignature(f"the time {shown(text)} is not like 2026-11-20T09:00:00.000Z") from e
