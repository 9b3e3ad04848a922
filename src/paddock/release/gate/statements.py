"""What a person signs: I approve this candidate as ROLE, or I take this condition upon myself.

Pure: values to canonical JSON and back. A statement names the release, the content root and the
digest of what release.yaml says, so it counts for exactly these bytes and words and for no others.
Where a release goes is not in it, because ``--to`` may name another place.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import rfc8785

from paddock.clock import to_text
from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.signing.errors import BadSignature
from paddock.signing.signed_json import member, object_in

FORMAT = "paddock/gate-statement/v1"
PAYLOAD_TYPE = "application/vnd.paddock.gate-statement.v1+json"
MAX_STATEMENT_BYTES = 64 << 10
MAX_NOTE_CHARS = 4000

Kind = Literal["approval", "waiver"]
_KEYS = {"format", "kind", "name", "version", "root", "release_file", "person", "subject", "at"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What one person says about one candidate."""

    kind: Kind
    name: str
    version: str
    root: str  # of the candidate's content
    release_file: str  # digest of what release.yaml says
    person: str
    subject: str  # the role of an approval, the condition's id of a waiver
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement and the keys that are known to have signed it; or why it is none."""

    file: str
    sha256: str
    statement: Statement | None = None
    keys: frozenset[str] = frozenset()  # fingerprints, of gate.people alone
    problem: str | None = None


def said_digest(spec: ReleaseSpec) -> str:
    """SHA-256 of all that release.yaml says, but where the release goes."""
    said = spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"publish"})
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()


def render_statement(statement: Statement) -> bytes:
    """The bytes that are signed: the same for the same statement."""
    document = {
        "format": FORMAT,
        "kind": statement.kind,
        "name": statement.name,
        "version": statement.version,
        "root": statement.root,
        "release_file": statement.release_file,
        "person": statement.person,
        "subject": statement.subject,
        "at": to_text(statement.at),
    }
    if statement.note is not None:
        document["note"] = statement.note
    return rfc8785.dumps(document)


def parse_statement(payload: bytes) -> Statement:
    """The statement in signed bytes; raises BadSignature."""
    if len(payload) > MAX_STATEMENT_BYTES:
        raise BadSignature(f"a statement of {len(payload)} bytes")
    document = object_in(payload, "the statement")
    if document.get("format") != FORMAT or set(document) - {"note"} != _KEYS:
        raise BadSignature(f"a statement of the format {shown(document.get('format'))}")
    for key in _KEYS | (document.keys() & {"note"}):
        member(document, key, str)
    if document["kind"] not in {"approval", "waiver"}:
        raise BadSignature(f"a statement of the kind {shown(document['kind'])}")
    for key in ("root", "release_file"):
        if not is_sha256(document[key]):
            raise BadSignature(f"{key} is {shown(document[key])}, not a SHA-256")
    return Statement(**{**_without_format(document), "at": _moment(document["at"])})


def _without_format(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "format"}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise BadSignature(f"the time {shown(text)} is not like 2026-11-20T09:00:00.000Z") from e
