"""What only a person can answer: which questions the terms raise, and whether they were answered.

Pure. An answer in release.yaml counts once the person that gate.people names has signed it for this
release, this version and these texts. The answer that a licence sends to its licensor with is a
refusal that quotes it, signed or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from paddock.errors import shown
from paddock.release.evidence import Check, Evidence
from paddock.release.licences.duty_checks import Owed, all_owed
from paddock.release.licences.judgement import Question
from paddock.release.licences.material import Material, SignedDeclaration, texts_of_licences
from paddock.release.licences.origins import grants_reach
from paddock.release.licences.quoting import words_of

_MULTIMODAL = re.compile(r"vision|vlm|multimodal|mllama|image|audio|speech|llama-?4", re.IGNORECASE)
_MULTIMODAL_CONFIG = re.compile(
    r'"(?:vision_config|audio_config|image_token_index|image_token_id)"|'
    r'"model_type"\s*:\s*"(?:mllama|llama4|llava[^"]*)"'
)
_SENTENCES = {
    "mau_over_700m": "Did the products of the licensee and its affiliates have more than "
    "700 million monthly active users in the month before the parent's release?",
    "mau_over_100m": "Does a commercial product have more than 100 million monthly active users?",
    "eu_domiciled": "Is the licensee domiciled in, or does it have its principal place of business "
    "in, the European Union?",
    "revenue_over_ceiling": "Is the annual revenue above the ceiling of the licence?",
    "registered": "Has the licensee registered with the licensor?",
    "commercial": "Is the model offered for commercial use?",
    "outputs_used": "Were outputs of other models used to train this one?",
}  # fmt: skip
_WANTED = {"registered": True}  # of all others, the answer yes is the one that refuses


class Asked(NamedTuple):
    """A question, the answer in release.yaml, and the answer that the terms refuse."""

    question: Question
    refused: bool | None


def questions(material: Material) -> list[Asked]:
    """Every question that the terms raise, once, in order of its key."""
    asked: dict[str, Asked] = {}
    for one in all_owed(material):
        key = one.duty.asks
        if key is not None and (one.duty.kind != "territory_exclude" or _is_meant(material, one)):
            asked.setdefault(key, _asked(material, key, one))
    for held in material.held:
        granted = held.terms.grant("commercial")
        if granted.value is False and grants_reach(held):
            at, says = _place(words_of(held.terms, granted.words))
            question = Question("commercial", _SENTENCES["commercial"], held.terms.id, at, says)
            asked.setdefault("commercial", Asked(question, refused=True))
    for one in all_owed(material):
        if {"outputs", "materials"} <= one.duty.triggers and one.duty.kind == "name_prefix":
            asked.setdefault("outputs_used", _asked(material, "outputs_used", one, refused=None))
    return [asked[key] for key in sorted(asked)]


def _asked(material: Material, key: str, one: Owed, *, refused: bool | None = True) -> Asked:
    words = one.duty.words
    question = Question(key, _SENTENCES[key], one.row.id, words.at, words.says)
    return Asked(question, (not _WANTED[key]) if key in _WANTED else refused)


def _place(words: tuple[str, str | None]) -> tuple[str, str]:
    return words[0], words[1] or ""


def _is_meant(material: Material, one: Owed) -> bool:
    """Whether a limit for models of some kind is about this one."""
    if one.duty.scope != "multimodal":
        return True
    spec = material.spec
    said = [spec.metadata.type or "", spec.metadata.name, spec.metadata.pipeline_tag]
    said += [held.origin.id for held in one.held]
    if any(_MULTIMODAL.search(text) for text in said):
        return True
    return bool(_MULTIMODAL_CONFIG.search(material.texts.get("config.json", "")))


def answers(material: Material) -> Mapping[str, bool]:
    """What release.yaml answers."""
    said = material.spec.licenses.declarations
    if said is None:
        return {}
    found = said.model_dump(exclude_none=True, exclude={"signed_by"})
    return {key: value for key, value in found.items() if isinstance(value, bool)}


def declaration_checks(material: Material) -> Iterator[Check]:
    """A condition for each question, and one for answers that contradict the lineage."""
    given = answers(material)
    for asked in questions(material):
        yield _declaration_check(material, asked, given.get(asked.question.key))
    lineage = material.spec.lineage
    named = [parent.id for parent in (*lineage.trained_on_outputs_of, *lineage.distilled_from)]
    if given.get("outputs_used") is False and named:
        sentence = f"declarations.outputs_used is false, and lineage names {named[0]}"
        yield Check("licence.declaration.outputs_named", "licence", "unmet", sentence)
    if given.get("outputs_used") is True and not named:
        yield Check(
            "licence.declaration.outputs_named", "licence", "unmet",
            "declarations.outputs_used is true, and lineage names no model whose outputs they are",
            hint="name it under lineage.trained_on_outputs_of",
        )  # fmt: skip


def _declaration_check(material: Material, asked: Asked, answer: bool | None) -> Check:
    question = asked.question
    id_ = f"licence.declaration.{question.key}"
    row = material.table.rows[question.licence]
    quote = Evidence(f"{row.name}, {question.section}", question.quote)
    if answer is None:
        return Check(
            id_, "licence", "undecided", f"nobody has answered: {question.sentence}", (quote,),
            f"answer licenses.declarations.{question.key}, then `paddock release declare`",
        )  # fmt: skip
    said = "yes" if answer else "no"
    if asked.refused is not None and answer == asked.refused:
        return Check(
            id_, "licence", "unmet",
            f"{question.sentence} The answer is {said}, and the {row.name} says "
            f'({question.section}): "{question.quote}"',
            (quote, Evidence(f"licenses.declarations.{question.key}", said)),
            "ask the licensor for a licence of your own",
        )  # fmt: skip
    signed, problem = signed_answer(material, question.key, answer)
    if signed is None:
        return Check(
            id_, "licence", "unmet",
            f"{question.sentence} The answer {said} is not signed: {problem}", (quote,),
            "`paddock release declare` signs the answers of release.yaml",
        )  # fmt: skip
    proof = Evidence(f"declaration by {signed.person}", said, signed.file, signed.sha256)
    sentence = f"{signed.person} signed: {question.sentence} {said.capitalize()}."
    return Check(id_, "licence", "met", sentence, (quote, proof))


def signed_answer(
    material: Material, key: str, answer: bool
) -> tuple[SignedDeclaration | None, str]:
    """The first statement that says so for exactly this release, else why none does."""
    problem = "there is no signed declaration"
    for declaration in material.around.declarations:
        why = declaration.problem or _mismatch(material, declaration)
        if why is None and declaration.answers.get(key) is not answer:
            why = f"it answers {key} otherwise, or not at all"
        if why is None:
            return declaration, ""
        problem = f"{declaration.file}: {why}"
    return None, problem


def _mismatch(material: Material, signed: SignedDeclaration) -> str | None:
    """Why a right signature is not about this release."""
    metadata, said = material.spec.metadata, material.spec.licenses.declarations
    if (signed.name, signed.version) != (metadata.name, metadata.version):
        return f"it is for {shown(signed.name)} {shown(signed.version)}"
    if said is not None and said.signed_by is not None and signed.person != said.signed_by:
        return f"{shown(signed.person)} signed it, and licenses.declarations names {said.signed_by}"
    if dict(signed.licences) != signed_texts(material):
        return "it is about other licences or other texts of them"
    return None


def signed_texts(material: Material) -> dict[str, str]:
    """What a declaration is about: each licence that holds, and each text that leaves."""
    held = {held.terms.id: _digest_of_row(held.terms.texts) for held in material.held}
    return {**held, **texts_of_licences(material.found)}


def _digest_of_row(texts: tuple[object, ...]) -> str:
    return str(getattr(texts[-1], "sha256", "")) if texts else ""


def all_questions(material: Material) -> tuple[Question, ...]:
    """Every question, with the answer of release.yaml and who signed it."""
    given = answers(material)
    found = []
    for asked in questions(material):
        answer = given.get(asked.question.key)
        signed = None if answer is None else signed_answer(material, asked.question.key, answer)[0]
        by = signed.person if signed is not None else None
        found.append(asked.question._replace(answer=answer, by=by))
    return tuple(found)


def needed(material: Material) -> tuple[Question, ...]:
    """The questions whose answers are not signed yet."""
    return tuple(question for question in all_questions(material) if question.by is None)
