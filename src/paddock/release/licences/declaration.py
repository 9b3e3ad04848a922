"""The statement that a person signs about licences: answers, for one release and its texts.

Pure: values to canonical JSON and back. It names the release, its version, the questions as they
were asked, the answers, and the digest of every licence and text that they are about, so that it
counts for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import rfc8785

from paddock.clock import to_text
from paddock.errors import shown
from paddock.release.licences.judgement import Question
from paddock.release.licences.material import SignedDeclaration
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.signing.dsse import open_envelope, parse_envelope
from paddock.signing.errors import BadSignature
from paddock.signing.public_keys import PublicKey, key_fingerprint
from paddock.signing.signed_json import member, object_in

FORMAT = "paddock/licence-declaration/v1"
PAYLOAD_TYPE = "application/vnd.paddock.licence-declaration.v1+json"
MAX_DECLARATION_BYTES = 256 << 10
_KEYS = {"format", "name", "version", "person", "at", "questions", "answers", "licences"}


def render_declaration(
    signed: SignedDeclaration, questions: Iterable[Question], at: datetime
) -> bytes:
    """The bytes that are signed."""
    return rfc8785.dumps(
        {
            "format": FORMAT,
            "name": signed.name,
            "version": signed.version,
            "person": signed.person,
            "at": to_text(at),
            "questions": {question.key: question.sentence for question in questions},
            "answers": dict(signed.answers),
            "licences": dict(signed.licences),
        }
    )


def keys_of_people(spec: ReleaseSpec) -> dict[str, str]:
    """Whose declarations count, and the file of each one's public key."""
    people = {person.person: person.key for person in spec.gate.people}
    said = spec.licenses.declarations
    if said is not None and said.signed_by is not None and said.key is not None:
        people.setdefault(said.signed_by, said.key)
    return people


def open_declaration(
    file: str, raw: bytes, digest: str, people: Mapping[str, PublicKey]
) -> SignedDeclaration:
    """A statement file; whoever signed it must be the person it names, else it has a problem."""
    try:
        document = _document(parse_envelope(raw, PAYLOAD_TYPE).payload)
        person = document["person"]
        if person not in people:
            raise BadSignature(f"{shown(person)} is not among those who may declare")
        opened = open_envelope(raw, PAYLOAD_TYPE, people.values())
        if opened.keyids != {key_fingerprint(people[person])}:
            raise BadSignature(f"it is not signed by {shown(person)}, whom it names")
    except BadSignature as e:
        return SignedDeclaration(file, digest, problem=e.message)
    return SignedDeclaration(
        file, digest, person, document["name"], document["version"], document["answers"],
        document["licences"],
    )  # fmt: skip


def _document(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_DECLARATION_BYTES:
        raise BadSignature(f"a declaration of {len(payload)} bytes")
    document = object_in(payload, "the declaration")
    if document.get("format") != FORMAT or set(document) != _KEYS:
        raise BadSignature(f"a declaration of the format {shown(document.get('format'))}")
    for key in ("name", "version", "person", "at"):
        member(document, key, str)
    if not all(type(value) is bool for value in member(document, "answers", dict).values()):
        raise BadSignature("an answer of the declaration is neither true nor false")
    for key in ("questions", "licences"):
        if not all(isinstance(value, str) for value in member(document, key, dict).values()):
            raise BadSignature(f"{key} of the declaration are not text")
    return document
