"""The form of a gate: what a card asks of those who want to be let in, and their answers checked.

Pure. The card is other people's text: a field of a kind that is not known asks for text, one that
cannot be read asks nothing, and there is a bound on everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from paddock.errors import BadInput, shown
from paddock.hub.gates.countries import find_country
from paddock.hub.texts import check_lines

KINDS = ("text", "checkbox", "date_picker", "country", "select")
MAX_FIELDS = 50
MAX_NAME_CHARS = 1000
MAX_OPTIONS = 300
MAX_TEXT_CHARS = 5000
MAX_ANSWER_CHARS = 2000
_YES = frozenset({"true", "on", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is asked; ``options`` are a select's values and their labels."""

    name: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """What the page of a gated repository says and asks."""

    heading: str | None = None
    prompt: str | None = None
    description: str | None = None
    button: str | None = None
    fields: tuple[Field, ...] = ()


class BadAnswer(BadInput):
    """A question of the gate was not answered, or not like this."""

    code = "bad_gate_answer"


def read_gate(card: Mapping[str, Any] | None) -> Gate:
    """The gate that a card describes."""
    card = card or {}
    return Gate(
        heading=_text(card.get("extra_gated_heading")),
        prompt=_text(card.get("extra_gated_prompt")),
        description=_text(card.get("extra_gated_description")),
        button=_text(card.get("extra_gated_button_content")),
        fields=_fields(card.get("extra_gated_fields")),
    )


def check_answers(gate: Gate, answers: Mapping[str, Any]) -> dict[str, str | bool] | None:
    """An answer for every field, as it is kept; None where nothing is asked. Raises BadAnswer.

    What answers no question is left out.
    """
    if not gate.fields:
        return None
    return {field.name: _checked(field, answers.get(field.name)) for field in gate.fields}


def _fields(value: Any) -> tuple[Field, ...]:
    if not isinstance(value, dict):
        return ()
    found = []
    for name, what in list(value.items())[:MAX_FIELDS]:
        if not name or len(name) > MAX_NAME_CHARS:
            continue
        kind = what.get("type") if isinstance(what, dict) else what
        if kind == "select":
            options = _options(what.get("options") if isinstance(what, dict) else None)
            if not options:
                continue
            found.append(Field(name, "select", options))
        else:
            known = isinstance(kind, str) and kind in KINDS
            found.append(Field(name, str(kind) if known else "text"))
    return tuple(found)


def _options(value: Any) -> tuple[tuple[str, str], ...]:
    """Values with labels, of a list of texts or of ``{label, value}``."""
    found = []
    for option in value[:MAX_OPTIONS] if isinstance(value, list) else ():
        pair = option if isinstance(option, dict) else {"label": option, "value": option}
        label, own = pair.get("label", pair.get("value")), pair.get("value", pair.get("label"))
        if isinstance(own, str | int | float) and isinstance(label, str | int | float):
            found.append((str(own)[:MAX_ANSWER_CHARS], str(label)[:MAX_ANSWER_CHARS]))
    return tuple(found)


def _text(value: Any) -> str | None:
    return value[:MAX_TEXT_CHARS] if isinstance(value, str) and value.strip() else None


def _checked(field: Field, answer: Any) -> str | bool:
    """One answer; the field's name is the card's, the answer a stranger's."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if field.kind == "checkbox":
        if answer is True or (isinstance(answer, str) and answer.lower() in _YES):
            return True
        raise BadAnswer(f"{shown(field.name)} must be checked")
    text = str(answer).strip() if isinstance(answer, str | int | float) else ""
    try:
        text = check_lines("the answer", text, MAX_ANSWER_CHARS, least=1)
    except BadInput as e:
        raise BadAnswer(
            f"{shown(field.name)} is not answered: {e.message}",
            hint=f"every field needs an answer, of at most {MAX_ANSWER_CHARS} characters",
        ) from e
    if field.kind == "date_picker":
        return _date(field, text)
    if field.kind == "country":
        country = find_country(text)
        if country is None:
            raise BadAnswer(f"{shown(field.name)}: {shown(text)} is not a country")
        return country
    if field.kind == "select" and text not in {value for value, _ in field.options}:
        choice = ", ".join(shown(value) for value, _ in field.options[:10])
        raise BadAnswer(f"{shown(field.name)}: {shown(text)} is not one of {choice}")
    return text


def _date(field: Field, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as e:
        hint = "write it as 2026-12-31"
        raise BadAnswer(f"{shown(field.name)}: {shown(text)} is not a date", hint=hint) from e
