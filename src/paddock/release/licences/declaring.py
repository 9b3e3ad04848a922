"""A person signs the answers of a release file about its licences, into the folder of statements.

The questions are those that the terms raise now, the texts those that would leave now: a statement
about anything else counts for nothing later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.release.licences.declaration import (
    PAYLOAD_TYPE,
    keys_of_people,
    render_declaration,
)
from paddock.release.licences.judgement import Judgement, Question
from paddock.release.licences.looking import public_key_at
from paddock.release.licences.material import SignedDeclaration
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.signing.dsse import sign_envelope
from paddock.signing.public_keys import key_fingerprint
from paddock.signing.signers import load_signer


@dataclass(frozen=True, slots=True)
class Declaring:
    """Who answers for which release."""

    spec: ReleaseSpec
    base: Path
    judgement: Judgement
    person: str


def sign_declaration(declaring: Declaring, key: str, own: Path, now: datetime) -> Path:
    """Sign and write the statement; raises BadInput where it could never count."""
    key_file = _key_file(declaring)
    answers = _answers(declaring)
    signer = load_signer(key, Path(), own)
    if signer.public_key.keyid != key_fingerprint(public_key_at(declaring.base, key_file)):
        raise BadInput(
            f"the key {key} is not the one that release.yaml names for {declaring.person}",
            hint=f"its public half is {declaring.base / key_file}",
        )
    metadata = declaring.spec.metadata
    said = SignedDeclaration(
        file="", sha256="", person=declaring.person, name=metadata.name, version=metadata.version,
        answers=answers, licences=dict(declaring.judgement.declared_about),
    )  # fmt: skip
    content = render_declaration(said, declaring.judgement.questions, now)
    envelope = sign_envelope(content, PAYLOAD_TYPE, [signer])
    folder = declaring.base / declaring.spec.gate.statements
    folder.mkdir(parents=True, exist_ok=True)
    digest = sha256_hex(envelope)[:16]
    path = folder / f"{metadata.name}-{metadata.version}-declaration-{digest}.json"
    with path.open("xb") as file:
        file.write(envelope)
    return path


def _key_file(declaring: Declaring) -> str:
    people = keys_of_people(declaring.spec)
    if declaring.person not in people:
        known = ", ".join(people) or "nobody yet"
        raise BadInput(
            f"{declaring.person} is not one of gate.people",
            hint=f"they are: {known}; or set licenses.declarations.signed_by and key",
        )
    said = declaring.spec.licenses.declarations
    if said is not None and said.signed_by not in (None, declaring.person):
        raise BadInput(f"licenses.declarations.signed_by is {said.signed_by}")
    return people[declaring.person]


def _answers(declaring: Declaring) -> Mapping[str, bool]:
    asked = declaring.judgement.questions
    if not asked:
        raise BadInput("the licences of this release ask for no declaration")
    missing = [question for question in asked if question.answer is None]
    if missing:
        raise BadInput(
            f"licenses.declarations does not answer {', '.join(q.key for q in missing)}",
            hint=f"{missing[0].key}: {missing[0].sentence}",
        )
    return {question.key: question.answer for question in asked if question.answer is not None}


def answered(questions: tuple[Question, ...]) -> str:
    """The questions and answers, a line each, for whoever is about to sign."""
    return "\n".join(
        f"{question.sentence} {'Yes.' if question.answer else 'No.'}" for question in questions
    )
