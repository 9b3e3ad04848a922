"""A person signs what they say about a candidate, into the folder of statements.

The root comes from the bytes that the person has before them: the candidate's folder is read anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.release.gate.inputs import key_of
from paddock.release.gate.statements import (
    MAX_NOTE_CHARS,
    PAYLOAD_TYPE,
    Kind,
    Statement,
    render_statement,
    said_digest,
)
from paddock.release.spec.gate import Person
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.signing.dsse import sign_envelope
from paddock.signing.public_keys import key_fingerprint
from paddock.signing.signers import load_signer


@dataclass(frozen=True, slots=True)
class Saying:
    """Who says what about a release."""

    spec: ReleaseSpec
    base: Path
    person: str
    kind: Kind
    subject: str  # a role, or a condition's id
    note: str | None = None


def sign_statement(saying: Saying, root: str, key: str, own: Path, now: datetime) -> Path:
    """Sign and write the statement; raises BadInput where it could never count."""
    person = _person(saying)
    if saying.note is not None and len(saying.note) > MAX_NOTE_CHARS:
        raise BadInput(f"the note has more than {MAX_NOTE_CHARS} characters")
    signer = load_signer(key, Path(), own)
    if signer.public_key.keyid != key_fingerprint(key_of(person, saying.base)):
        raise BadInput(
            f"the key {key} is not the one that gate.people names for {person.person}",
            hint=f"its public half is {saying.base / person.key}",
        )
    metadata = saying.spec.metadata
    statement = Statement(
        kind=saying.kind,
        name=metadata.name,
        version=metadata.version,
        root=root,
        release_file=said_digest(saying.spec),
        person=person.person,
        subject=saying.subject,
        at=now,
        note=saying.note,
    )
    envelope = sign_envelope(render_statement(statement), PAYLOAD_TYPE, [signer])
    return _write(saying, envelope)


def _person(saying: Saying) -> Person:
    people = {person.person: person for person in saying.spec.gate.people}
    person = people.get(saying.person)
    if person is None:
        known = ", ".join(people) or "nobody yet"
        raise BadInput(f"{saying.person} is not one of gate.people", hint=f"they are: {known}")
    if saying.kind == "approval" and saying.subject not in person.roles:
        raise BadInput(
            f"{person.person} does not have the role {saying.subject}",
            hint=f"their roles are: {', '.join(person.roles) or 'none'}",
        )
    waived = {waiver.check for waiver in saying.spec.gate.waivers if waiver.by == person.person}
    if saying.kind == "waiver" and saying.subject not in waived:
        raise BadInput(
            f"release.yaml has no waiver of {saying.subject} by {person.person}",
            hint="add it under gate.waivers, with a reason and a day on which it ends",
        )
    return person


def _write(saying: Saying, envelope: bytes) -> Path:
    folder = saying.base / saying.spec.gate.statements
    folder.mkdir(parents=True, exist_ok=True)
    metadata = saying.spec.metadata
    name = f"{metadata.name}-{metadata.version}-{saying.kind}-{sha256_hex(envelope)[:16]}.json"
    path = folder / name
    with path.open("xb") as file:
        file.write(envelope)
    return path
